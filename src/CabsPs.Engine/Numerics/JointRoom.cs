namespace CabsPs.Engine.Numerics;

/// <summary>What <see cref="JointSelection{V, TCodes}"/> knows of one block: scores, who leads where, what is free and who has won
/// what. One per thread.</summary>
internal sealed class JointRoom
{
    private readonly double[][] _scores;
    private readonly ulong[][] _leads;
    private readonly ulong[][] _won;
    private readonly ulong[][] _kept;
    private readonly uint[][] _hints;
    private readonly ulong[] _free;
    private readonly ulong[] _candidates;
    private readonly byte[] _codes;
    private readonly int[] _active;
    private readonly int[] _quotas;

    /// <summary>Makes room.</summary>
    public JointRoom(int vectors, int length)
    {
        int words = BitMask.WordCount(length);
        _scores = Arrays<double>(vectors, words * 64);
        _leads = Arrays<ulong>(vectors, words);
        _won = Arrays<ulong>(vectors, words);
        _kept = Arrays<ulong>(vectors, words);
        _hints = Arrays<uint>(vectors, vectors);
        _free = new ulong[words];
        _candidates = new ulong[words];
        _codes = new byte[words * 64];
        _active = new int[vectors];
        _quotas = new int[vectors];
    }

    /// <summary>Words of a set over the block.</summary>
    public int Words { get; private set; }

    /// <summary>How many vectors have quota left.</summary>
    public int ActiveCount { get; private set; }

    /// <summary>The vectors that have quota left, in their order.</summary>
    public ReadOnlySpan<int> Active => _active.AsSpan(0, ActiveCount);

    /// <summary>How many positions each vector still gets.</summary>
    public ReadOnlySpan<int> Quotas => _quotas;

    /// <summary>Positions that nobody has won.</summary>
    public Span<ulong> Free => _free.AsSpan(0, Words);

    /// <summary>Room for a set.</summary>
    public Span<ulong> Candidates => _candidates.AsSpan(0, Words);

    /// <summary>Room for codes.</summary>
    public Span<byte> Codes => _codes.AsSpan(0, Words * 64);

    /// <summary>|δ| / rms per position; zeros past the block's end.</summary>
    public Span<double> ScoresOf(int vector) => _scores[vector].AsSpan(0, Words * 64);

    /// <summary>The free positions where a vector scores highest.</summary>
    public Span<ulong> Leads(int vector) => _leads[vector].AsSpan(0, Words);

    /// <summary>What a vector has won.</summary>
    public Span<ulong> Won(int vector) => _won[vector].AsSpan(0, Words);

    /// <summary>The largest of a vector's leads.</summary>
    public Span<ulong> Kept(int vector) => _kept[vector].AsSpan(0, Words);

    /// <summary>Where a search begins: thresholds differ by round.</summary>
    public ref uint Hint(int round, int vector) => ref _hints[round][vector];

    /// <summary>Whether the room is large enough.</summary>
    public bool Fits(int vectors, int length) => _scores.Length == vectors && _free.Length >= BitMask.WordCount(length);

    /// <summary>Begins a block.</summary>
    public void Begin(int vectors, int length, ReadOnlySpan<int> quotas)
    {
        Words = BitMask.WordCount(length);
        quotas.CopyTo(_quotas);
        ActiveCount = 0;
        for (int v = 0; v < vectors; v++)
        {
            Won(v).Clear();
            if (_quotas[v] > 0)
                _active[ActiveCount++] = v;
        }

        BitMask.Fill(Free, length);
    }

    /// <summary>Gives positions to a vector.</summary>
    public void Take(int vector, ReadOnlySpan<ulong> positions)
    {
        Span<ulong> free = Free, won = Won(vector);
        for (int w = 0; w < positions.Length; w++)
        {
            won[w] |= positions[w];
            free[w] &= ~positions[w];
        }

        _quotas[vector] -= (int)BitMask.Count(positions);
    }

    /// <summary>Takes a vector that is full out of the competition.</summary>
    public void Leave(int vector)
    {
        int at = Active.IndexOf(vector);
        Active[(at + 1)..].CopyTo(_active.AsSpan(at));
        ActiveCount--;
    }

    private static TItem[][] Arrays<TItem>(int count, int length) => [.. Enumerable.Range(0, count).Select(_ => new TItem[length])];
}
