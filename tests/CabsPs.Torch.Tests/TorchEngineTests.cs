using System.Diagnostics;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Tests;
using TorchSharp;

namespace CabsPs.Torch.Tests;

/// <summary>What the engine holds, what it refuses, and what it says of itself.</summary>
[Collection(nameof(TorchEngineTests))]
[CollectionDefinition(nameof(TorchEngineTests), DisableParallelization = true)]
public sealed class TorchEngineTests
{
    private static readonly TorchEngine s_engine = new(torch.CPU, "cpu");

    [Theory]
    [InlineData("cabs", "n: 3, m: 16, assignment: joint")]
    [InlineData("ties", "density: 0.3, rescale: l1")]
    [InlineData("della", "density: 0.5, epsilon: 0.2")]
    [InlineData("pcb", "pcb_ratio: 0.3")]
    [InlineData("sce", "select_topk: 0.4")]
    [InlineData("widen", "")]
    [InlineData("tsv_m", "")]
    public void Every_tensor_is_disposed_when_a_merge_ends(string method, string parameters)
    {
        using Workbench bench = EngineAgreementTests.Models(DType.F32);
        string recipe = Workbench.Text(method, parameters, method is "cabs" or "ties" or "della" ? ["a {weight: 1}", "b {weight: 1}"] : ["a", "b"]);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = torch.Tensor.TotalCount;
        bench.Run(recipe, new MergeOptions { Engine = new TorchEngine(torch.CPU, "cpu") { LongestPiece = 300 } });
        // none is left to the garbage collector
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Every_tensor_is_disposed_when_a_merge_fails()
    {
        using Workbench bench = EngineAgreementTests.Models(DType.F32);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        MergePlan plan = bench.Plan(Workbench.Text("magmax", "", "a", "b"), new MergeOptions { Engine = s_engine });
        long before = torch.Tensor.TotalCount;
        Assert.Throws<OperationCanceledException>(() => new MergeRun(plan).Execute(bench.Path("out"), cancelled.Token));
        bench.Vectors([1, 2, float.NaN], [1, 2, 3], [1, 2, 4]);
        CabsException error = Workbench.Fails(CabsError.NonFiniteInput, () => bench.Run(Workbench.Text("magmax", "", "a", "b"), new MergeOptions { Engine = s_engine }));
        Assert.Contains("index 2", error.Message);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Memory_stays_flat_over_many_merges()
    {
        using Workbench bench = EngineAgreementTests.Models(DType.BF16);
        MergePlan plan = bench.Plan(Workbench.Cabs("n: 3, m: 16", "a {weight: 1}", "b {weight: 1}"), new MergeOptions { Engine = s_engine, Force = true });
        long Merge(int times)
        {
            for (int i = 0; i < times; i++)
                new MergeRun(plan).Execute(bench.Path("out"));
            GC.Collect();
            GC.WaitForPendingFinalizers();
            using var own = Process.GetCurrentProcess();
            return own.WorkingSet64;
        }

        long settled = Merge(100), after = Merge(200);
        // a tensor of this model that leaked once per merge would add 200 · 4 KB or more, all of them 200 · 200 KB
        Assert.True(after - settled < 12 << 20, $"the process grew from {settled} to {after} bytes");
    }

    [Fact]
    public void A_piece_that_does_not_fit_is_told()
    {
        using Workbench bench = EngineAgreementTests.Models(DType.F32);
        // blocks as long as the tensors, which the plan has room for and the device has not
        MergePlan plan = bench.Plan(Workbench.Cabs("n: 20000, m: 40000", "a {weight: 1}", "b {weight: 1}"), new MergeOptions { Engine = new Cramped() });
        CabsException error = Workbench.Fails(CabsError.MemoryLimit, () => new MergeRun(plan).Execute(bench.Path("out")));
        Assert.Contains("model.layers.0.a.weight", error.Message);
        Assert.Contains("the limit is 100 KB", error.Message);
        Assert.False(Directory.Exists(bench.Path("out")));
    }

    [Theory]
    [InlineData("torch", "cuda:99", CabsError.EngineUnavailable, "cuda:99")]
    [InlineData("torch", "tpu", CabsError.ParameterInvalid, "cuda:N")]
    [InlineData("torch", "cuda:x", CabsError.ParameterInvalid, "cuda:N")]
    [InlineData("managed", "cuda:0", CabsError.ParameterInvalid, "choose engine torch")]
    [InlineData(null, "cuda:0", CabsError.ParameterInvalid, "choose engine torch")]
    [InlineData("troch", null, CabsError.ParameterInvalid, "did you mean 'torch'?")]
    public void An_engine_or_device_that_is_not_there_is_told(string? engine, string? device, CabsError expected, string hint) =>
        Assert.Contains(hint, Workbench.Fails(expected, () => ComputeEngines.Open(engine, device)).Message);

    [Fact]
    public void The_engine_tells_what_it_stands_on()
    {
        EngineInfo info = ComputeEngines.List().Single(e => e.Name == "torch");
        Assert.True(info.IsAvailable);
        Assert.Contains("TorchSharp 0.", info.Version);
        Assert.Contains("torch_cpu", info.Version);
        Assert.Equal("cpu", info.Devices[0].Name);
        Assert.True(info.Devices[0].MemoryBytes > 0);
        Assert.Equal("torch", ComputeEngines.Open("TORCH").Name);
        Assert.Equal("managed", ComputeEngines.Open(null).Name);
    }

    private sealed class Cramped : ComputeEngine
    {
        public override string Name => "torch";

        public override string Device => "cpu";

        internal override int WorkersFor(MergePlan plan) => 1;

        internal override TensorJob Open<T>(TensorWork work, TensorProbe<T> kernel) =>
            new TorchJob<T>(work, Kernels.Twin.Find(kernel)!, torch.CPU, null, memory: 100_000);
    }
}
