namespace CabsPs.Engine.Merging;

/// <summary>What one tensor reports of a vector, see <see cref="Tally.AddVector"/>.</summary>
internal readonly record struct VectorFigures(int Input, long Total, long Kept, double Energy, double EnergyKept, double Weight, bool Masked);

/// <summary>What one tensor reports of a pair of vectors, see <see cref="Tally.AddPair"/>.</summary>
internal readonly record struct PairFigures(int A, int B, long Shared, long KeptA, long KeptB);

/// <summary>What one tensor reports.</summary>
/// <param name="Vectors">Of vectors.</param>
/// <param name="Pairs">Of pairs.</param>
internal sealed record TensorFigures(IReadOnlyList<VectorFigures> Vectors, IReadOnlyList<PairFigures> Pairs);

/// <summary>What happened to each task vector, summed over tensors.</summary>
/// <param name="inputs">How many inputs there are.</param>
public sealed class Tally(int inputs)
{
    private readonly long[] _total = new long[inputs];
    private readonly long[] _kept = new long[inputs];
    private readonly double[] _energy = new double[inputs];
    private readonly double[] _energyKept = new double[inputs];
    private readonly double[] _weight = new double[inputs];
    private readonly double?[] _onlyWeight = new double?[inputs];
    private readonly bool[] _masked = new bool[inputs];
    private readonly long[,] _shared = new long[inputs, inputs];
    private readonly long[,] _first = new long[inputs, inputs];
    private readonly long[,] _second = new long[inputs, inputs];
    private readonly bool[,] _paired = new bool[inputs, inputs];
    private readonly List<VectorFigures> _vectors = [];
    private readonly List<PairFigures> _pairs = [];
    private readonly Dictionary<string, (string First, int Count)> _notes = new(StringComparer.Ordinal);
    private TensorPlan? _tensor;

    /// <summary>All that the selected tensor added.</summary>
    internal TensorFigures Figures => new(_vectors, _pairs);

    /// <summary>Adds what a tensor reported.</summary>
    internal void Add(TensorFigures figures)
    {
        _tensor = null;
        foreach (VectorFigures v in figures.Vectors)
            AddVector(v.Input, v.Total, v.Kept, v.Energy, v.EnergyKept, v.Weight, v.Masked);
        foreach (PairFigures p in figures.Pairs)
            AddPair(p.A, p.B, p.Shared, p.KeptA, p.KeptB);
    }

    /// <summary>Whether anything was reported of an input.</summary>
    public bool Knows(int input) => _onlyWeight[input] is not null || _total[input] > 0;

    /// <summary>Goes on to a tensor; kernels report its inputs in its own order.</summary>
    internal void Select(TensorPlan? tensor) => _tensor = tensor;

    /// <summary>Notes something that the user may want to change; what is noted of several tensors becomes one warning.</summary>
    /// <param name="what">What it is, in words that fit all such tensors.</param>
    public void Note(string what)
    {
        string tensor = _tensor?.Output.Name ?? string.Empty;
        _notes[what] = _notes.TryGetValue(what, out var known) ? (known.First, known.Count + 1) : (tensor, 1);
    }

    /// <summary>Adds what another tally noted.</summary>
    internal void TakeNotes(Tally other)
    {
        foreach ((string what, (string first, int count)) in other._notes)
            _notes[what] = _notes.TryGetValue(what, out var known) ? (string.CompareOrdinal(first, known.First) < 0 ? first : known.First, known.Count + count) : (first, count);
    }

    /// <summary>What was noted, as warnings.</summary>
    internal IEnumerable<string> Notes => _notes.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => $"{n.Key} (tensor {Text.Quote(n.Value.First)}{(n.Value.Count > 1 ? $" and {n.Value.Count - 1} more" : string.Empty)})");

    /// <summary>Adds a tensor's figures for one vector.</summary>
    /// <param name="input">The input's place among those of the tensor.</param>
    /// <param name="total">Weights in the tensor.</param>
    /// <param name="kept">Weights of the delta that are kept.</param>
    /// <param name="energy">Σδ².</param>
    /// <param name="energyKept">Σδ² of what is kept.</param>
    /// <param name="weight">The weight λ used.</param>
    /// <param name="masked">False for a dense vector, whose energy is not measured.</param>
    public void AddVector(int input, long total, long kept, double energy, double energyKept, double weight, bool masked)
    {
        input = IndexOf(input);
        if (_tensor is not null)
            _vectors.Add(new VectorFigures(input, total, kept, energy, energyKept, weight, masked));
        // a weight that is the same everywhere is reported as it was given, without the rounding of a mean
        _onlyWeight[input] = _total[input] == 0 || _onlyWeight[input] == weight ? weight : null;
        _total[input] += total;
        _kept[input] += kept;
        _energy[input] += energy;
        _energyKept[input] += energyKept;
        _weight[input] += weight * total;
        _masked[input] |= masked;
    }

    /// <summary>Adds a tensor's figures for a pair of sparsified vectors.</summary>
    public void AddPair(int a, int b, long shared, long keptA, long keptB)
    {
        (a, b, keptA, keptB) = IndexOf(a) < IndexOf(b) ? (IndexOf(a), IndexOf(b), keptA, keptB) : (IndexOf(b), IndexOf(a), keptB, keptA);
        if (_tensor is not null)
            _pairs.Add(new PairFigures(a, b, shared, keptA, keptB));
        _shared[a, b] += shared;
        _first[a, b] += keptA;
        _second[a, b] += keptB;
        _paired[a, b] = true;
    }

    /// <summary>The summary of one vector: its mean weight over all merged weights, the share of positions kept, and
    /// ‖kept δ‖ / ‖δ‖.</summary>
    public VectorSummary Vector(int input, string name) => new(
        name,
        _onlyWeight[input] ?? (_total[input] == 0 ? 0 : _weight[input] / _total[input]),
        _kept[input],
        _total[input] == 0 ? 0 : _kept[input] / (double)_total[input],
        !_masked[input] ? 1 : _energy[input] == 0 ? 0 : Math.Sqrt(_energyKept[input] / _energy[input]));

    /// <summary>The overlap of every pair of sparsified vectors, over the positions kept in all tensors.</summary>
    public IReadOnlyList<PairSummary> Pairs(IReadOnlyList<string> names)
    {
        var pairs = new List<PairSummary>();
        for (int a = 0; a < names.Count; a++)
        {
            for (int b = a + 1; b < names.Count; b++)
            {
                if (!_paired[a, b])
                    continue;
                long shared = _shared[a, b];
                pairs.Add(new PairSummary(
                    names[a],
                    names[b],
                    shared,
                    Ratio(shared, _first[a, b] + _second[a, b] - shared),
                    Ratio(shared, Math.Min(_first[a, b], _second[a, b]))));
            }
        }

        return pairs;
    }

    private int IndexOf(int input) => _tensor?.Scope.Inputs[input].Index ?? input;

    private static double Ratio(long part, long whole) => whole == 0 ? 0 : part / (double)whole;
}

/// <summary>What happened to one task vector.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Weight">λ, the mean over the merged weights where it differs between tensors.</param>
/// <param name="Kept">Positions kept.</param>
/// <param name="KeptShare">Positions kept, as a share of all merged ones.</param>
/// <param name="NormKept">‖kept δ‖ / ‖δ‖ over all merged tensors; 1 for a dense vector.</param>
public sealed record VectorSummary(string Name, double Weight, long Kept, double KeptShare, double NormKept);

/// <summary>How much two masks overlap.</summary>
/// <param name="First">The first vector's name.</param>
/// <param name="Second">The second vector's name.</param>
/// <param name="Shared">Positions both keep.</param>
/// <param name="Jaccard">Shared positions / positions either keeps.</param>
/// <param name="ShareOfSmaller">Shared positions / positions of the smaller mask.</param>
public sealed record PairSummary(string First, string Second, long Shared, double Jaccard, double ShareOfSmaller);
