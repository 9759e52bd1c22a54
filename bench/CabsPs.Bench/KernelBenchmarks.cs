using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Bench;

/// <summary><c>kernels</c>: BenchmarkDotNet on one tile in cache, every width beside the plain twin.</summary>
public class KernelBenchmarks
{
    private readonly Tile<float> _tile = new();
    private readonly byte[] _output = new byte[MemoryBudget.DefaultTileLength * 2];
    private readonly Term<float>[] _terms = [new(0, 0.7f, true), new(1, 0.35f, true)];
    private ReadOnlyMemory<byte>[] _stored = [];
    private IKernels<float> _kernels = Kernels.For<float>();
    private uint _hint;

    [Params("Scalar", "Bits128", "Bits256", "Bits512")]
    public string Width { get; set; } = "Bits512";

    [Params(SyntheticDeltas.Spread, SyntheticDeltas.Ulps)]
    public SyntheticDeltas Deltas { get; set; }

    public static int Run(Arguments arguments)
    {
        // in process: the generated projects of the default toolchain know nothing of central package versions
        BenchmarkSwitcher.FromTypes([typeof(KernelBenchmarks)]).Run([.. arguments.Words.Skip(1), "--filter", "*"], DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)));
        return 0;
    }

    [GlobalSetup]
    public void Setup()
    {
        _kernels = Kernels.For(Enum.Parse<VectorWidth>(Width));
        _stored = [.. new MemoryModels(MemoryBudget.DefaultTileLength, 2, Deltas).Stored];
        _tile.Reserve(2, MemoryBudget.DefaultTileLength);
        _tile.MoveTo(0, MemoryBudget.DefaultTileLength);
        Widen();
        _kernels.WidenDelta(_stored[2].Span, DType.BF16, _tile.Base, _tile.Input(1));
        WidenDelta();
        KeepLargest();
    }

    [Benchmark]
    public bool Widen() => _kernels.Widen(_stored[0].Span, DType.BF16, _tile.Base);

    [Benchmark]
    public bool WidenDelta() => _kernels.WidenDelta(_stored[1].Span, DType.BF16, _tile.Base, _tile.Input(0));

    [Benchmark]
    public void KeepLargest() => _kernels.KeepLargest(_tile.Input(0), 256, 64, 0, [], _tile.Mask(0), ref _hint);

    [Benchmark]
    public (double All, double Kept) Energies() => _kernels.Energies(_tile.Input(0), _tile.Mask(0));

    [Benchmark]
    public void Combine() => _kernels.Combine(_tile, _terms, 1, 1, DType.BF16, _output);
}
