using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>What <see cref="JointSelection{V, TCodes}"/> knows of one block: scores, who leads where, what is free and who has won
/// what. One per thread.</summary>
internal sealed class JointRoom
{
    // vectors that cross cache lines take twice as long to read
    private const int CacheLine = 64;

    private readonly double[] _scores;
    private readonly byte[] _codes;
    private readonly ulong[] _leads;
    private readonly ulong[] _won;
    private readonly ulong[] _free;
    private readonly ulong[] _open;
    private readonly double[] _hints;
    private readonly int[] _active;
    private readonly int[] _quotas;

    /// <summary>Makes room.</summary>
    public JointRoom(int vectors, int length)
    {
        int words = BitMask.WordCount(length);
        Stride = words * 64;
        _scores = GC.AllocateArray<double>((vectors * Stride) + (CacheLine / sizeof(double)), pinned: true);
        _codes = GC.AllocateArray<byte>(Stride + CacheLine, pinned: true);
        _leads = new ulong[vectors * words];
        _won = new ulong[vectors * words];
        _free = new ulong[words];
        _open = new ulong[words];
        _active = new int[vectors];
        _quotas = new int[vectors];
        _hints = new double[vectors];
        _hints.AsSpan().Fill(1);
    }

    /// <summary>From one vector's scores to the next one's.</summary>
    public int Stride { get; }

    /// <summary>Words of a set over the block.</summary>
    public int Words { get; private set; }

    /// <summary>How many vectors have quota left.</summary>
    public int ActiveCount { get; private set; }

    /// <summary>The vectors that have quota left, in their order.</summary>
    public ReadOnlySpan<int> Active => _active.AsSpan(0, ActiveCount);

    /// <summary>How many positions each vector still gets.</summary>
    public Span<int> Quotas => _quotas;

    /// <summary>Positions that nobody has won.</summary>
    public Span<ulong> Free => _free.AsSpan(0, Words);

    /// <summary>Positions that are looked at.</summary>
    public Span<ulong> Open => _open.AsSpan(0, Words);

    /// <summary>Where the highest score of each position lies.</summary>
    public Span<byte> Codes => Aligned(_codes).Slice(0, Words * 64);

    /// <summary>The open positions where the active vectors score highest, vector after vector.</summary>
    public Span<ulong> Leads => _leads.AsSpan(0, ActiveCount * Words);

    /// <summary>|δ| / rms per position; zeros past the block's end.</summary>
    public Span<double> ScoresOf(int vector) => Aligned(_scores).Slice(vector * Stride, Words * 64);

    /// <summary>The open positions where an active vector scores highest.</summary>
    public Span<ulong> LeadsOf(int active) => _leads.AsSpan(active * Words, Words);

    /// <summary>What a vector has won.</summary>
    public Span<ulong> Won(int vector) => _won.AsSpan(vector * Words, Words);

    /// <summary>About the score with which a vector becomes full, which differs by round.</summary>
    public ref double Hint(int round) => ref _hints[round];

    /// <summary>Whether the room is large enough.</summary>
    public bool Fits(int vectors, int length) => _active.Length == vectors && Stride >= length;

    /// <summary>Begins a block.</summary>
    public void Begin(int vectors, int length, ReadOnlySpan<int> quotas)
    {
        Words = BitMask.WordCount(length);
        quotas.CopyTo(_quotas);
        ActiveCount = 0;
        for (int v = 0; v < vectors; v++)
        {
            if (_quotas[v] > 0)
                _active[ActiveCount++] = v;
        }

        _won.AsSpan(0, vectors * Words).Clear();
        BitMask.Fill(Free, length);
    }

    /// <summary>Gives some positions of a word to a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(int vector, int word, ulong positions)
    {
        _won[(vector * Words) + word] |= positions;
        _free[word] &= ~positions;
        _quotas[vector] -= System.Numerics.BitOperations.PopCount(positions);
    }

    /// <summary>Takes a vector that is full out of the competition.</summary>
    public void Leave(int active)
    {
        Active[(active + 1)..].CopyTo(_active.AsSpan(active));
        ActiveCount--;
    }

    private static unsafe Span<TItem> Aligned<TItem>(TItem[] pinned)
        where TItem : unmanaged
    {
        nint over = -(nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned)) & (CacheLine - 1);
        return pinned.AsSpan((int)over / sizeof(TItem));
    }
}
