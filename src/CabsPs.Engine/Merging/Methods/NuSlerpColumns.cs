using System.Numerics;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary><see cref="NuSlerp"/> along the first axis: every place of the other axes has an angle of its own. Two passes measure
/// (see <see cref="ColumnProducts{T}"/>), the third writes.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class NuSlerpColumns<T> : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ColumnProducts<T> _products;
    private readonly double _place;
    private readonly double _smallestNorm;
    private readonly bool _hasBase;
    private readonly int _columns;
    private T[] _factors = [];

    /// <summary>Binds the computation.</summary>
    /// <param name="context">The tensor, of two axes or more.</param>
    /// <param name="place">t.</param>
    /// <param name="smallestNorm">Norms below count as this much.</param>
    /// <exception cref="CabsException">There are too many columns to be measured at once.</exception>
    public NuSlerpColumns(TensorContext context, double place, double smallestNorm)
    {
        long columns = Math.Max(1, context.Count / Math.Max(1, context.Shape[0]));
        if (columns > CabsSparsifier.MaxBlockLength)
            throw new CabsException(CabsError.ParameterInvalid, $"tensor {Text.Quote(context.Tensor)} has {columns} columns; 'nuslerp_row_wise: true' takes at most {CabsSparsifier.MaxBlockLength}", context.Tensor);
        (_columns, _place, _smallestNorm, _hasBase) = ((int)columns, place, smallestNorm, context.HasBase);
        _products = new ColumnProducts<T>(_columns, context.Shape[0]);
    }

    /// <summary>How many columns there are.</summary>
    internal int Columns => _columns;

    /// <summary>Whether the base is added.</summary>
    internal bool HasBase => _hasBase;

    /// <summary>The two factors of every column.</summary>
    internal T[] Factors => _factors;

    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public override int MeasuringPasses => 2;

    /// <inheritdoc/>
    public override void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
        if (pass == 0)
            _products.MeasureRange(tile.Input(0), tile.Input(1));
        else
            _products.Measure(tile.Start, tile.Input(0), tile.Input(1));
    }

    /// <inheritdoc/>
    public override void Complete(int pass, ReadOnlySpan<double> totals)
    {
        if (pass == 0)
        {
            _products.CompleteRange();
            return;
        }

        Take(_products.Complete());
    }

    /// <summary>Takes ‖a‖², ‖b‖² and a · b of every column.</summary>
    internal void Take(ReadOnlySpan<double> products)
    {
        _factors = new T[2 * _columns];
        for (int c = 0; c < _columns; c++)
        {
            (double first, double second) = Arc.Between<T>(products[3 * c], products[(3 * c) + 1], products[(3 * c) + 2], _place, _smallestNorm);
            (_factors[2 * c], _factors[(2 * c) + 1]) = (T.CreateTruncating(first), T.CreateTruncating(second));
        }
    }

    /// <inheritdoc/>
    public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
    {
        Span<T> first = tile.Input(0), second = tile.Input(1);
        int column = (int)(tile.Start % _columns);
        for (int i = 0; i < output.Length; i++)
        {
            T a = _factors[2 * column], b = _factors[(2 * column) + 1];
            output[i] = first[i] == second[i] && a + b == T.One ? first[i] : (first[i] * a) + (second[i] * b);
            column = column + 1 == _columns ? 0 : column + 1;
        }

        if (_hasBase)
        {
            for (int i = 0; i < output.Length; i++)
                output[i] += tile.Base[i];
        }
    }
}
