namespace CabsPs.Engine.Tokenizers;

/// <summary>Where a model's row comes from that is not the model's own.</summary>
public enum RowFillKind
{
    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>Another model's row.</summary>
    Row,

    /// <summary>The mean of other models' rows.</summary>
    Average,

    /// <summary>The mean of all rows that stand for a token.</summary>
    Mean,
}

/// <summary>A row of a model of the merge.</summary>
/// <param name="Model">The model's place in the list of models.</param>
/// <param name="Row">The row of that model's tensor.</param>
public readonly record struct ModelRowReference(int Model, int Row);

/// <summary>How a row is made.</summary>
/// <param name="Kind">The way.</param>
/// <param name="From">The row taken.</param>
/// <param name="Others">The rows averaged.</param>
public readonly record struct RowFill(RowFillKind Kind, ModelRowReference From = default, IReadOnlyList<ModelRowReference>? Others = null);

/// <summary>One model's rows in the numbering of the result: per row of the result the model's own row, or how to make one. An
/// integer per row, whatever the size of the tensors.</summary>
public sealed class RowMap
{
    private readonly int[] _rows;
    private readonly RowFill[] _fills;

    internal RowMap(int[] rows, RowFill[] fills)
    {
        _rows = rows;
        _fills = fills;
        IsIdentity = fills.Length == 0;
        for (int i = 0; IsIdentity && i < rows.Length; i++)
            IsIdentity = rows[i] == i;
    }

    /// <summary>Rows of the result.</summary>
    public int Count => _rows.Length;

    /// <summary>Whether every row is the model's own row of the same number.</summary>
    public bool IsIdentity { get; }

    /// <summary>The models whose rows are needed besides the model's own.</summary>
    public IEnumerable<int> Donors => _fills
        .SelectMany(f => f.Kind == RowFillKind.Row ? [f.From] : f.Others ?? [])
        .Select(r => r.Model).Distinct().Order();

    /// <summary>The model's own row for a row of the result, or -1 where it is made in another way.</summary>
    public int OwnRow(int row) => Math.Max(-1, _rows[row]);

    /// <summary>How a row is made that is not the model's own.</summary>
    public RowFill Fill(int row) => _fills[-1 - _rows[row]];
}
