using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;
using CabsPs.Engine.TaskVectors.Files;
using CabsPs.Engine.Tests;
using TorchSharp;

namespace CabsPs.Torch.Tests;

/// <summary>What the torch engine shares with the managed one around its arithmetic: files of task vectors, hashes, going on.</summary>
public sealed class DurableResultTests
{
    [Theory]
    [InlineData("none", "", false)]
    [InlineData("none", "", true)]
    [InlineData("cabs", "n=3 m=16", false)]
    [InlineData("cabs", "n=3 m=16", true)]
    [InlineData("random", "density=0.4", true)]
    public void Task_vectors_from_files_merge_as_on_the_managed_engine(string sparsifier, string parameters, bool packed)
    {
        foreach (DType type in new[] { DType.F32, DType.BF16, DType.F64 })
        {
            using Workbench bench = EngineAgreementTests.Models(type);
            IReadOnlyList<TaskVector> vectors = TaskVector.Create(bench.Path("base"), [bench.Path("a"), bench.Path("b"), bench.Path("c")]);
            if (SparsifierCatalog.All.FirstOrDefault(s => s.Name == sparsifier) is { } found)
                vectors = TaskVector.Sparsify(vectors, found, found.ParametersOf(parameters.Split(' ').Select(p => p.Split('=')).Select(p => (p[0], (object)p[1]))));
            TaskVector[] stored = [.. vectors.Select((v, i) => Import(Export(v, bench.Path("vectors", $"{i}.safetensors"), packed), v.BasePath))];
            // one weight is measured: the file knows the norm that sparsification took
            double?[] weights = [0.7, null, -0.3];
            MergeDefinition definition = TaskVector.Define([.. stored.Select((v, i) => v with { Weight = weights[i] })], MethodCatalog.Get("task_arithmetic"), ParameterSet.Of([("lambda", 0.9)]));
            Checkpoint expected = Checkpoint.Open(bench.Run(definition).Path);
            foreach (long? piece in new long?[] { null, 200 })
                EngineAgreementTests.AssertAgree(expected, Checkpoint.Open(bench.Run(definition, new MergeOptions { Engine = new TorchEngine(torch.CPU, "cpu") { LongestPiece = piece } }).Path), 0);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(200L)]
    public void Hashes_of_inputs_and_result_are_those_of_the_bytes(long? piece)
    {
        using Workbench bench = EngineAgreementTests.Models(DType.BF16);
        var torchRun = new MergeOptions { Resume = true, ResumeDeep = true, Engine = new TorchEngine(torch.CPU, "cpu") { LongestPiece = piece } };
        string recipe = Workbench.Text("ties", "density: 0.3", "a {weight: 1}", "b {weight: 0.4}"), destination = bench.Path("out");
        MergeResult first = new MergeRun(bench.Plan(recipe, torchRun)).Execute(destination);
        Assert.Equal(0, first.ResumedTensors);
        Assert.Empty(new CheckpointVerification(destination).Execute().Problems);
        // reads all that is there again, and compares
        MergeResult again = new MergeRun(bench.Plan(recipe, torchRun)).Execute(destination);
        Assert.Equal(first.Tensors.Count, again.ResumedTensors);
        Assert.Equal(Inputs(bench.Run(recipe).Path), Inputs(destination));
    }

    [Fact]
    public void Another_engine_does_not_go_on_with_a_merge()
    {
        using Workbench bench = EngineAgreementTests.Models(DType.F32);
        string recipe = Workbench.Text("magmax", "", "a", "b"), destination = bench.Path("out");
        new MergeRun(bench.Plan(recipe, new MergeOptions { Engine = new TorchEngine(torch.CPU, "cpu") })).Execute(destination);
        CabsException error = Workbench.Fails(CabsError.ResumeMismatch, () => new MergeRun(bench.Plan(recipe, new MergeOptions { Resume = true })).Execute(destination));
        Assert.Contains("plan engine was 'torch'", error.Message);
    }

    // per tensor the hashes of what was read, as cabs.json has them
    private static string[] Inputs(string folder)
    {
        using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, MergeManifest.FileName)));
        return [.. json.RootElement.GetProperty("tensors").EnumerateArray().Select(t => $"{t.GetProperty("name")} {t.GetProperty("inputs").GetRawText()}")];
    }

    private static string Export(TaskVector vector, string path, bool packed)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        VectorExport.Prepare(vector, new VectorExportSettings { Packed = packed }, new MergeOptions()).Execute(path);
        return path;
    }

    private static TaskVector Import(string file, string origin) => TaskVector.Import(VectorFile.Open(file), Checkpoint.Open(origin));
}
