using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary><see cref="Sce"/> on one tensor.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SceKernel<T>(int inputs, long count, double share, IKernels<T> kernels) : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const double SmallestEnergy = 1e-6;
    public const double SmallestDivisor = 1e-6;

    private readonly T[] _weights = new T[inputs];
    private readonly bool _selects = share < 1;
    private readonly int _expectedPasses = new RankSearch<T>(1, count).Passes;
    private RankSearch<T>? _search;
    private bool _keepsNothing;

    public int Inputs => inputs;

    public long Count => count;

    public double Share => share;

    public T[] Weights => _weights;

    public override bool WantsDeltas => true;

    public override int MeasuringPasses => _keepsNothing ? 1 : SearchEnd + 1;

    // one pass counts; as many search as one does, until it is known how many this one takes
    private int SearchEnd => !_selects ? 0 : 1 + (_search?.Passes ?? _expectedPasses);

    public override int SumCount(int pass) => pass == MeasuringPasses ? 0 : pass == SearchEnd ? inputs : pass == 0 ? 1 : 0;

    public override int StrideOf(int pass) => pass > 0 && pass < SearchEnd ? _search?.StrideOf(pass - 1) ?? 1 : 1;

    public override void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
        if (pass == SearchEnd)
        {
            Erase(tile);
            for (int i = 0; i < inputs; i++)
                sums[i] += kernels.SumOfSquares(tile.Input(i));
            return;
        }

        MeasureVariance(tile);
        if (pass == 0)
        {
            foreach (T variance in tile.Total)
                sums[0] += variance == T.Zero ? 0 : 1;
        }
        else
        {
            _search?.Measure(pass - 1, tile.Total, tile.Start);
        }
    }

    public override void Complete(int pass, ReadOnlySpan<double> totals)
    {
        if (pass == SearchEnd)
            TakeWeights(totals);
        else if (pass > 0)
            _search?.Complete(pass - 1);
        else if ((long)((float)totals[0] * (float)share) is > 0 and var kept)
            _search = new RankSearch<T>(kept, count);
        else
            _keepsNothing = true;
    }

    public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
    {
        if (_keepsNothing)
        {
            tile.Base.CopyTo(output);
            return;
        }

        Erase(tile);
        Span<T> elected = tile.Total, divisor = tile.Scratch;
        elected.Clear();
        for (int i = 0; i < inputs; i++)
            kernels.Add(elected, tile.Input(i));
        output.Clear();
        divisor.Clear();
        for (int i = 0; i < inputs; i++)
            AddAgreeing(elected, tile.Input(i), _weights[i], output, divisor);
        T smallest = T.CreateTruncating(SmallestDivisor);
        for (int j = 0; j < output.Length; j++)
            output[j] /= T.Max(divisor[j], smallest);
        kernels.Add(output, tile.Base);
    }

    // a sum of 0 elects plus, and a delta of 0 agrees with nothing
    private static void AddAgreeing(ReadOnlySpan<T> elected, ReadOnlySpan<T> delta, T weight, Span<T> sum, Span<T> divisor)
    {
        for (int j = 0; j < sum.Length; j++)
        {
            bool agrees = elected[j] >= T.Zero ? delta[j] > T.Zero : delta[j] < T.Zero;
            sum[j] += agrees ? delta[j] * weight : T.Zero;
            divisor[j] += agrees ? weight : T.Zero;
        }
    }

    // what is not selected becomes 0
    private void Erase(Tile<T> tile)
    {
        if (!_selects)
            return;
        MakeMask(tile);
        ReadOnlySpan<ulong> mask = tile.Claimed;
        for (int i = 0; i < inputs; i++)
        {
            Span<T> delta = tile.Input(i);
            for (int j = 0; j < delta.Length; j++)
                delta[j] = BitMask.Has(mask, j) ? delta[j] : T.Zero;
        }
    }

    public void TakeWeights(ReadOnlySpan<double> energies)
    {
        double sum = 0;
        foreach (double energy in energies)
            sum += energy / count;
        for (int i = 0; i < inputs; i++)
            _weights[i] = T.CreateTruncating(sum < SmallestEnergy ? 1.0 / inputs : energies[i] / count / sum);
    }

    private void MakeMask(Tile<T> tile)
    {
        MeasureVariance(tile);
        _search!.MakeMask(tile.Total, tile.Start, tile.Claimed);
    }

    // in float64 and step by step, so that equal deltas have a variance of exactly 0
    private void MeasureVariance(Tile<T> tile)
    {
        const int Length = 64;
        Span<double> mean = stackalloc double[Length], squares = stackalloc double[Length];
        for (int start = 0; start < tile.Length; start += Length)
        {
            Span<T> variance = tile.Total[start..Math.Min(start + Length, tile.Length)];
            mean.Clear();
            squares.Clear();
            for (int i = 0; i < inputs; i++)
            {
                ReadOnlySpan<T> deltas = tile.Input(i).Slice(start, variance.Length);
                for (int j = 0; j < deltas.Length; j++)
                {
                    double delta = double.CreateTruncating(deltas[j]), off = delta - mean[j];
                    mean[j] += off / (i + 1);
                    squares[j] += off * (delta - mean[j]);
                }
            }

            for (int j = 0; j < variance.Length; j++)
                variance[j] = T.CreateTruncating(squares[j] / inputs);
        }
    }
}
