using System.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>An optimizer's second moments of one tensor and input: as they are, or of a matrix their approximation of rank one, rowᵢ·columnⱼ/total.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class Preconditioner<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _rowLength;
    private readonly double[]? _rows;
    private double[] _columns = [];
    private double _total;

    /// <summary>Prepares for a tensor.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="approximates">Whether a matrix's moments are approximated.</param>
    public Preconditioner(TensorContext context, bool approximates)
    {
        if (!approximates || context.Shape.Count != 2)
            return;
        _rowLength = WholeRows.LengthOf(context, "'rank1_approx: true'");
        _rows = new double[context.Shape[0]];
    }

    /// <summary>Sums of the rows; null where moments are taken as they are.</summary>
    internal double[]? Rows => _rows;

    /// <summary>Sums of the columns, once known.</summary>
    internal double[] Columns => _columns;

    /// <summary>The sum of all, once known.</summary>
    internal double Total => _total;

    /// <summary>Rows that pieces must hold whole; 1 where it does not matter.</summary>
    public int BlockLength => _rows is null ? 1 : _rowLength;

    /// <summary>How many sums the measuring pass collects; 0 where none is needed.</summary>
    public int SumCount => _rows is null ? 0 : _rowLength;

    /// <summary>Adds a piece to the sums of rows and columns.</summary>
    public void Measure(ReadOnlySpan<T> moments, long start, Span<double> sums)
    {
        for (int at = 0; _rows is not null && at < moments.Length; at += _rowLength)
        {
            double sum = 0;
            for (int j = 0; j < _rowLength; j++)
            {
                double value = double.CreateTruncating(moments[at + j]);
                sum += value;
                sums[j] += value;
            }

            _rows[(start + at) / _rowLength] = sum;
        }
    }

    /// <summary>Receives the sums.</summary>
    public void Complete(ReadOnlySpan<double> totals)
    {
        if (_rows is null)
            return;
        _columns = totals.ToArray();
        _total = _columns.Sum();
    }

    /// <summary>The second moment at a place of the tensor.</summary>
    /// <param name="moment">What stands there.</param>
    /// <param name="place">The place.</param>
    public double At(T moment, long place) => _rows is null ? double.CreateTruncating(moment)
        : _total == 0 ? 0 : _rows[place / _rowLength] * _columns[place % _rowLength] / _total;
}
