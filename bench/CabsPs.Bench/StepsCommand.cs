using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Bench;

/// <summary><c>steps</c>: what each step of a CABS or DARE merge costs in cache, in nanoseconds per block of 256 weights and vector;
/// joint assignment for all four vectors at once.</summary>
public static class StepsCommand
{
    private const int Length = MemoryBudget.DefaultTileLength;
    private const int Tiles = 4;
    private const int Rounds = 20;
    private const int Experts = 4;

    public static int Run(Arguments arguments)
    {
        VectorWidth width = arguments.Find("--width") is { } text ? Enum.Parse<VectorWidth>(text, ignoreCase: true) : Kernels.Widest;
        foreach (SyntheticDeltas deltas in Enum.GetValues<SyntheticDeltas>())
            Run(Kernels.For(width), deltas, arguments.Integer("--m", 256), arguments.Text("--only", string.Empty));
        return 0;
    }

    private static void Run(IKernels<float> kernels, SyntheticDeltas deltas, int m, string only)
    {
        var models = new MemoryModels(Length * Tiles, Experts, deltas);
        var tiles = new Tile<float>[Tiles];
        for (int i = 0; i < Tiles; i++)
        {
            tiles[i] = new Tile<float>();
            tiles[i].Reserve(Experts, Length);
            tiles[i].MoveTo(0, Length);
        }

        byte[] output = new byte[Length * 2];
        var random = new CounterRandom(1, "vector", "tensor");
        uint[] hints = new uint[2];
        Term<float>[] terms = [new(0, 0.7f, true), new(1, 0.35f, true)];
        ReadOnlySpan<byte> Bytes(int model, int i) => models.Stored[model].Span.Slice(i * Length * 2, Length * 2);
        int length = Length / m * m;
        Show("widen base", i => kernels.Widen(Bytes(0, i), DType.BF16, tiles[i].Base));
        Show("widen and subtract", i => kernels.WidenDelta(Bytes(1, i), DType.BF16, tiles[i].Base, tiles[i].Input(0)));
        Show("select", i => kernels.KeepLargest(tiles[i].Input(0)[..length], m, m / 4, 0, [], tiles[i].Mask(0), ref hints[0]));
        Show("widen and subtract", i => kernels.WidenDelta(Bytes(2, i), DType.BF16, tiles[i].Base, tiles[i].Input(1)));
        Show("select among the rest", i => kernels.KeepLargest(tiles[i].Input(1)[..length], m, m / 4, 0, tiles[i].Mask(0), tiles[i].Mask(1), ref hints[1]));
        Show("energies", i => kernels.Energies(tiles[i].Input(0), tiles[i].Mask(0)));
        Show("draw a mask", i => random.KeepEach(0.25, i * Length, Length, tiles[i].Mask(0)));
        Show("draw a mask, 0.3", i => random.KeepEach(0.3, i * Length, Length, tiles[i].Mask(0)));
        Show("magnitudes", i => kernels.SumsOfMagnitudes(tiles[i].Input(0), tiles[i].Mask(0)));
        Show("stored magnitudes", i => kernels.TryMagnitudes(Bytes(0, i), Bytes(1, i), DType.BF16, tiles[i].Mask(0), out _));
        Show("stored add", i => kernels.TryAddMasked(Bytes(0, i), Bytes(1, i), DType.BF16, tiles[i].Mask(0), 0.7f, false, tiles[i].Total, out _));
        Show("stored end", i => kernels.TryStoreSum(Bytes(0, i), DType.BF16, tiles[i].Total, 1, 1, output));
        Show("combine", i => kernels.Combine(tiles[i], terms, 1, 1, DType.BF16, output));
        var ofTerms = new (double All, double Kept)[2];
        Show("combine and energies", i => kernels.TryCombineMeasured(tiles[i], terms, 1, 1, DType.BF16, output, ofTerms));
        int[] members = [.. Enumerable.Range(0, Experts)], quotas = [.. members.Select(_ => m / Experts)], none = new int[Experts];
        double[] energies = new double[Experts];
        for (int i = 0; i < Tiles; i++)
        {
            kernels.Widen(Bytes(0, i), DType.BF16, tiles[i].Base);
            foreach (int v in members)
            {
                kernels.WidenDelta(Bytes(v + 1, i), DType.BF16, tiles[i].Base, tiles[i].Input(v));
                energies[v] += kernels.SumOfSquares(tiles[i].Input(v));
            }
        }

        double[] rms = [.. energies.Select(e => Math.Sqrt(e / (Length * Tiles)))];
        Show("squares", i => kernels.SumOfSquares(tiles[i].Input(0)));
        Show("assign four jointly", i => kernels.AssignJointly(tiles[i], members, m, quotas, none, rms));

        void Show(string step, Action<int> action)
        {
            if (!$"{deltas} {step}".Contains(only, StringComparison.Ordinal))
                return;
            // rounds long enough for the clock to tell
            double seconds = Stopwatches.Best(2000, () =>
            {
                for (int i = 0; i < Tiles * Rounds; i++)
                    action(i % Tiles);
            });
            Console.WriteLine(FormattableString.Invariant($"{deltas,-8}{step,-24}{seconds * 1e9 / (Length * Tiles * Rounds) * 256,8:F1}"));
        }
    }
}
