using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>What is computed from stored weights without a tile between, against the plain kernels one after the other, bit for bit.</summary>
public sealed class StoredElectionTests
{
    private const int Length = 2048;
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;

    public static TheoryData<string, string, string> Streams { get; } = Cross();

    [Theory]
    [MemberData(nameof(Streams))]
    public void Two_trimmed_vectors_are_combined_alike(string width, string from, string to)
    {
        IKernels<float> kernels = Kernels.For(Enum.Parse<VectorWidth>(width));
        DType type = Enum.Parse<DType>(from), result = Enum.Parse<DType>(to);
        for (int round = 0; round < 40; round++)
        {
            int length = round % 3 == 0 ? 256 : round % 3 == 1 ? Length : 3 * Length;
            (byte[] origin, byte[] first, byte[] second) = (Bytes(0, length, round, type), Bytes(1, length, round, type), Bytes(2, length, round, type));
            var tile = new Tile<float>();
            tile.Reserve(2, length);
            tile.MoveTo(0, length);
            s_plain.Widen(origin, type, tile.Base);
            s_plain.WidenDelta(first, type, tile.Base, tile.Input(0));
            s_plain.WidenDelta(second, type, tile.Base, tile.Input(1));
            var random = new Random(round);
            ElectedTerm<float>[] terms = [new(Limit(tile.Input(0), random), 0.7f, 0.7f), new(Limit(tile.Input(1), random), round % 4 == 1 ? -0.7f : 0.35f, round % 4 == 1 ? -0.7f : 0.35f)];
            double[] expected = [1, 2, 3, 4, 5, 6, 7], figures = [.. expected];
            Mask(tile, 0, terms[0].Limit);
            Mask(tile, 1, terms[1].Limit);
            for (int v = 0; v < 2; v++)
            {
                (double energy, double kept) = s_plain.Energies(tile.Input(v), tile.Mask(v));
                expected[3 * v] += BitMask.Count(tile.Mask(v));
                expected[(3 * v) + 1] += energy;
                expected[(3 * v) + 2] += kept;
            }

            expected[6] += BitMask.CountShared(tile.Mask(0), tile.Mask(1));
            bool normalize = round % 2 == 0;
            float lambda = round % 5 == 0 ? 1 : 0.9f;
            byte[] plain = new byte[length * result.Size()], bytes = new byte[length * result.Size()];
            s_plain.CombineElected(tile, [new(0, terms[0].Weight, true), new(1, terms[1].Weight, true)], [terms[0].Share, terms[1].Share], normalize, lambda, result, plain);
            Assert.True(kernels.TryCombineElected(origin, type, first, second, terms[0], terms[1], normalize, lambda, result, bytes, figures), $"round {round}");
            Assert.Equal(plain, bytes);
            Assert.Equal(expected, figures);
        }
    }

    [Theory]
    [InlineData("Bits128")]
    [InlineData("Bits256")]
    [InlineData("Bits512")]
    public void What_is_not_finite_is_left_to_others(string width)
    {
        IKernels<float> kernels = Kernels.For(Enum.Parse<VectorWidth>(width));
        foreach (float bad in (float[])[float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            for (int at = 0; at < Length; at += 101)
            {
                for (int model = 0; model < 3; model++)
                {
                    float[][] values = [Samples.Normal(0, Length), Samples.Normal(1, Length), Samples.Normal(2, Length)];
                    values[model][at] = bad;
                    byte[][] bytes = [.. values.Select(v => MemoryMarshal.AsBytes<float>(v).ToArray())];
                    double[] figures = new double[7];
                    var term = new ElectedTerm<float>(at % 2 == 0 ? 0x3C00_0000 : int.MaxValue, 1, 1);
                    Assert.False(kernels.TryCombineElected(bytes[0], DType.F32, bytes[1], bytes[2], term, term, true, 1, DType.F32, new byte[Length * 4], figures));
                    Assert.All(figures, f => Assert.Equal(0, f));
                    bool isSeen = kernels.FindBetween(bytes[0], bytes[1], DType.F32, 1, 2, new uint[Length], out _) < 0;
                    Assert.Equal(model < 2, isSeen);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.WidthsAndTypes), MemberType = typeof(KernelTests))]
    public void Magnitudes_are_found_alike(string width, string from)
    {
        IKernels<float> kernels = Kernels.For(Enum.Parse<VectorWidth>(width));
        DType type = Enum.Parse<DType>(from);
        for (int round = 0; round < 40; round++)
        {
            int length = round % 3 == 0 ? 64 : round % 3 == 1 ? Length : (5 * Length) + 192;
            byte[] origin = Bytes(0, length, round, type), weights = Bytes(1, length, round, type);
            float[] values = new float[length], deltas = new float[length];
            s_plain.Widen(origin, type, values);
            s_plain.WidenDelta(weights, type, values, deltas);
            uint[] keys = [.. deltas.Select(d => (uint)ReferenceKernels<float>.Magnitude(d))];
            uint first = round % 4 == 0 ? 0 : keys[round], last = round % 4 == 3 ? uint.MaxValue : first + (1u << (round % 24));
            uint[] found = new uint[length];
            int count = kernels.FindBetween(origin, weights, type, first, last, found, out int above);
            Assert.Equal(keys.Count(k => k > last), above);
            Assert.Equal(keys.Where(k => k >= first && k <= last).Order(), found[..count].Order());
        }
    }

    // densities, equal magnitudes, deltas of zero, lengths that fill no tile, each on several threads and in every stored type
    [Theory]
    [InlineData(0.01, "Normal")]
    [InlineData(0.25, "Normal")]
    [InlineData(0.9, "Normal")]
    [InlineData(1, "Normal")]
    [InlineData(0.01, "FewUlps")]
    [InlineData(0.25, "FewUlps")]
    [InlineData(0.9, "FewUlps")]
    [InlineData(0.25, "Zero")]
    public void Ties_of_a_large_tensor_is_the_plain_rule(double density, string deltas)
    {
        const int count = 140_333;
        foreach (DType type in (DType[])[DType.F32, DType.BF16, DType.F16])
        {
            float[][] models = [.. Enumerable.Range(0, 3).Select(m => Stored(m == 0 ? Samples.Normal(7, count) : [.. Samples.Normal(7, count).Zip(Delta(deltas, m, count), (a, b) => a + b)], type))];
            using var bench = new Workbench();
            for (int m = 0; m < 3; m++)
                bench.Model(m == 0 ? "base" : m == 1 ? "a" : "b", type, ("w", [count], models[m]));
            string recipe = Text("ties", $"density: {density}, lambda: 0.8, normalize: true", "a {weight: 0.7}", "b {weight: 0.4}") + "dtype: float32\n";
            float[] expected = Expected(models, density);
            for (int threads = 1; threads <= 3; threads++)
                AssertSameBits(expected, Floats(bench.Merge(recipe, new MergeOptions { Threads = threads, PieceBytes = 1 << (11 + (2 * threads)) }), "w"));
        }
    }

    private static float[] Expected(float[][] models, double density)
    {
        int count = models[0].Length;
        float[] weights = [0.7f, 0.4f], result = new float[count];
        float[][] kept = [.. models[1..].Select((m, v) =>
        {
            float[] delta = [.. m.Zip(models[0], (a, b) => a - b)], products = new float[count];
            foreach (int i in Enumerable.Range(0, count).Where(i => delta[i] != 0).OrderByDescending(i => Math.Abs(delta[i])).ThenBy(i => i).Take((int)(density * count)))
                products[i] = weights[v] * delta[i];
            return products;
        })];
        for (int i = 0; i < count; i++)
        {
            float elected = kept[0][i] + kept[1][i], sum = 0, divisor = 0;
            for (int v = 0; v < 2; v++)
            {
                if (elected >= 0 ? kept[v][i] > 0 : kept[v][i] < 0)
                    (sum, divisor) = (sum + kept[v][i], divisor + weights[v]);
            }

            result[i] = models[0][i] + ((divisor == 0 ? sum : sum / divisor) * 0.8f);
        }

        return result;
    }

    private static float[] Delta(string name, int model, int count) => name switch
    {
        "Normal" => Samples.Normal(model, count),
        "FewUlps" => Samples.FewUlps(model, count),
        _ => new float[count],
    };

    private static float[] Stored(float[] values, DType type)
    {
        byte[] bytes = new byte[values.Length * type.Size()];
        s_plain.Narrow(values, type, bytes);
        s_plain.Widen(bytes, type, values);
        return values;
    }

    // now and then a tile whose deltas are few, equal, or zero for a chunk
    private static byte[] Bytes(int model, int length, int round, DType type)
    {
        float[] values = Samples.Normal(round, length);
        float[] deltas = round % 4 == 2 ? Samples.FewUlps(model + (3 * round), length) : Samples.Normal(model + (3 * round), length);
        for (int i = 0; model > 0 && i < length; i++)
            values[i] += round % 7 == 6 && i is >= 256 and < 512 ? 0 : deltas[i];
        byte[] bytes = new byte[length * type.Size()];
        s_plain.Narrow(values, type, bytes);
        return bytes;
    }

    private static int Limit(ReadOnlySpan<float> deltas, Random random) => random.Next(6) switch
    {
        0 => -1,
        1 => 0,
        2 => int.MaxValue,
        _ => (int)ReferenceKernels<float>.Magnitude(deltas[random.Next(deltas.Length)]),
    };

    private static void Mask(Tile<float> tile, int input, int limit)
    {
        tile.Mask(input).Clear();
        for (int i = 0; i < tile.Length; i++)
        {
            if ((int)ReferenceKernels<float>.Magnitude(tile.Input(input)[i]) > limit)
                BitMask.Set(tile.Mask(input), i);
        }
    }

    private static TheoryData<string, string, string> Cross()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string width in (string[])["Bits128", "Bits256", "Bits512"])
        {
            foreach ((string from, string to) in ((string, string)[])[("BF16", "BF16"), ("BF16", "F32"), ("F16", "F16"), ("F16", "F32"), ("F32", "F32"), ("F32", "BF16"), ("F32", "F16")])
                data.Add(width, from, to);
        }

        return data;
    }
}
