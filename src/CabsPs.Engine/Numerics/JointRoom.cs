using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>What <see cref="JointSelection{V, TCodes}"/> knows of one block: scores, who leads where, what is free and who has won
/// what. One per thread. Sets of the active vectors lie one after the other, in the vectors' order.</summary>
internal sealed class JointRoom
{
    // vectors that cross cache lines take twice as long to read
    private const int CacheLine = 64;

    private readonly double[] _scores;
    private readonly byte[] _codes;
    private readonly byte[] _finer;
    private readonly ulong[] _leads;
    private readonly ulong[] _edge;
    private readonly ulong[] _won;
    private readonly ulong[] _free;
    private readonly ulong[] _lost;
    private readonly double[] _ties;
    private readonly int[] _active;
    private readonly int[] _quotas;
    private readonly uint[] _fillHints;
    private double _hint = 1;

    /// <summary>Makes room.</summary>
    public JointRoom(int vectors, int length)
    {
        int words = BitMask.WordCount(length);
        Stride = words * 64;
        _scores = Pinned<double>(vectors * Stride);
        _codes = Pinned<byte>(Stride);
        _finer = Pinned<byte>(Stride);
        _leads = new ulong[vectors * words];
        _edge = new ulong[vectors * words];
        _won = new ulong[vectors * words];
        _free = new ulong[words];
        _lost = new ulong[words];
        _ties = new double[vectors];
        _active = new int[vectors];
        _quotas = new int[vectors];
        _fillHints = new uint[vectors];
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

    /// <summary>Where the leaders' scores lie.</summary>
    public Span<byte> Codes => Aligned(_codes).Slice(0, Words * 64);

    /// <summary>The same, more finely, at the edge.</summary>
    public Span<byte> FinerCodes => Aligned(_finer).Slice(0, Words * 64);

    /// <summary>The free positions where each active vector leads.</summary>
    public Span<ulong> Leads => _leads.AsSpan(0, ActiveCount * Words);

    /// <summary>Those of them among which a vector becomes full.</summary>
    public Span<ulong> Edge => _edge.AsSpan(0, ActiveCount * Words);

    /// <summary>The free positions where nobody leads yet or whose leader has left.</summary>
    public Span<ulong> Lost => _lost.AsSpan(0, Words);

    /// <summary>Room for a score of each active vector.</summary>
    public Span<double> Ties => _ties.AsSpan(0, ActiveCount);

    /// <summary>About the score with which the first vector becomes full.</summary>
    public ref double Hint => ref _hint;

    /// <summary>About the |δ| down to which a vector takes what others hold.</summary>
    public ref uint FillHint(int vector) => ref _fillHints[vector];

    /// <summary>|δ| / rms per position; zeros past the block's end.</summary>
    public Span<double> ScoresOf(int vector) => Aligned(_scores).Slice(vector * Stride, Words * 64);

    /// <summary>What a vector has won.</summary>
    public Span<ulong> Won(int vector) => _won.AsSpan(vector * Words, Words);

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
        Leads.Clear();
        BitMask.Fill(Free, length);
        Free.CopyTo(_lost);
    }

    /// <summary>Gives some positions of a word to a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(int vector, int word, ulong positions)
    {
        _won[(vector * Words) + word] |= positions;
        _free[word] &= ~positions;
        _quotas[vector] -= BitOperations.PopCount(positions);
    }

    /// <summary>Takes a vector that is full out of the competition.</summary>
    public void Leave(int active)
    {
        int at = active * Words;
        _leads.AsSpan(at, Words).CopyTo(_lost);
        Leads[(at + Words)..].CopyTo(_leads.AsSpan(at));
        Active[(active + 1)..].CopyTo(_active.AsSpan(active));
        ActiveCount--;
        Span<ulong> leads = Leads, free = Free, lost = Lost;
        for (int w = 0; w < free.Length; w++)
        {
            lost[w] &= free[w];
            for (int i = w; i < leads.Length; i += free.Length)
                leads[i] &= free[w];
        }
    }

    private static TItem[] Pinned<TItem>(int count)
        where TItem : unmanaged => GC.AllocateArray<TItem>(count + (CacheLine / Unsafe.SizeOf<TItem>()), pinned: true);

    private static unsafe Span<TItem> Aligned<TItem>(TItem[] pinned)
        where TItem : unmanaged
    {
        nint over = -(nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned)) & (CacheLine - 1);
        return pinned.AsSpan((int)over / sizeof(TItem));
    }
}
