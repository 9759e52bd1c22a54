using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>The computation of one tensor of the result: after the passes that only measure comes the one that writes.</summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract class TensorKernel<T> : TensorProbe<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Computes one piece of the result.</summary>
    /// <param name="tile">The piece; its arrays may be overwritten.</param>
    /// <param name="output">Receives the merged weights.</param>
    /// <param name="sums">Figures for the report, to be added to.</param>
    public abstract void Merge(Tile<T> tile, Span<T> output, Span<double> sums);

    /// <summary>Computes what is added to one piece of the base, for the steps after the method. Overridden where the method has it at hand
    /// before the sum is rounded.</summary>
    /// <param name="tile">The piece; its arrays may be overwritten, but for those of the base.</param>
    /// <param name="delta">Receives the merged differences from the base.</param>
    /// <param name="sums">Figures for the report, to be added to.</param>
    public virtual void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
    {
        Merge(tile, delta, sums);
        ReadOnlySpan<T> origin = tile.Base;
        for (int i = 0; i < delta.Length; i++)
            delta[i] -= origin[i];
    }

    /// <summary>Computes one piece of the result and stores it. Overridden only where one pass can do both.</summary>
    /// <param name="tile">The piece; its arrays may be overwritten.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <param name="type">The type the result is stored as.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="sums">Figures for the report, to be added to.</param>
    internal virtual void MergeStored(Tile<T> tile, IKernels<T> kernels, DType type, Span<byte> destination, Span<double> sums)
    {
        Merge(tile, tile.Output, sums);
        kernels.Narrow(tile.Output, type, destination);
    }

    /// <summary>Computes a piece of the result from stored bytes alone, where a method can do that in one pass and need not know
    /// whether a weight is finite.</summary>
    /// <returns>False when it was not done; tiles follow then.</returns>
    internal virtual bool TryMergeStored(IKernels<T> kernels, StoredWeights origin, StoredWeights[] inputs, StoredWeights output, Span<double> sums) => false;

    /// <summary>Computes one tile's piece of the result from stored bytes, as <see cref="TensorProbe{T}.TryMeasureStored"/> measures one.</summary>
    /// <returns>False when it was not done; the tile follows then.</returns>
    internal virtual bool TryMergeStored(Tile<T> room, IKernels<T> kernels, StoredTile stored, DType type, Span<byte> destination, Span<double> sums) => false;

    /// <summary>Puts the writing pass's figures into the report.</summary>
    public virtual void Report(ReadOnlySpan<double> totals, Tally tally)
    {
    }
}

/// <summary>A piece of a tensor in the computing type, with room to work in. One per thread, used for piece after piece.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class Tile<T>
    where T : unmanaged
{
    private FixedRoom<T> _base;
    private FixedRoom<T> _total;
    private FixedRoom<T> _scratch;
    private FixedRoom<T> _output;
    private FixedRoom<T>[] _inputs = [];
    private FixedRoom<ulong>[] _masks = [];
    private uint[] _hints = [];
    private ulong[] _claimed = [];

    /// <summary>The first element's place in the tensor.</summary>
    public long Start { get; private set; }

    /// <summary>Elements in the piece.</summary>
    public int Length { get; private set; }

    /// <summary>The base's weights; without a base, room to work in.</summary>
    public Span<T> Base => _base.First(Length);

    /// <summary>Room for sums.</summary>
    public Span<T> Total => _total.First(Length);

    /// <summary>Room for values in between.</summary>
    public Span<T> Scratch => _scratch.First(Length);

    /// <summary>Room for the result.</summary>
    internal Span<T> Output => _output.First(Length);

    /// <summary>Room for a set of positions.</summary>
    public Span<ulong> Claimed => _claimed.AsSpan(0, BitMask.WordCount(Length));

    /// <summary>An input's weights (or, once a method has subtracted the base, its deltas).</summary>
    public Span<T> Input(int index) => _inputs[index].First(Length);

    /// <summary>Room for an input's mask.</summary>
    public Span<ulong> Mask(int index) => _masks[index].First(BitMask.WordCount(Length));

    /// <summary>Where the search for an input's largest deltas begins, see <see cref="IKernels{T}.KeepLargest"/>.</summary>
    public ref uint Hint(int index) => ref _hints[index];

    /// <summary>Bytes the arrays take for a tile of this size.</summary>
    public static long ByteLength(int inputs, int length) =>
        ((inputs + 4L) * FixedRoom<T>.ByteLength(length)) + ((inputs + 1L) * FixedRoom<ulong>.ByteLength(BitMask.WordCount(length)));

    /// <summary>Makes room.</summary>
    internal void Reserve(int inputs, int length)
    {
        if (_inputs.Length >= inputs && _base.Length >= length)
            return;
        _base = new FixedRoom<T>(length);
        _total = new FixedRoom<T>(length, 3);
        _scratch = new FixedRoom<T>(length, 2);
        _output = new FixedRoom<T>(length, 1);
        _inputs = new FixedRoom<T>[inputs];
        _masks = new FixedRoom<ulong>[inputs];
        _hints = new uint[inputs];
        for (int i = 0; i < inputs; i++)
        {
            _inputs[i] = new FixedRoom<T>(length, i + 1);
            _masks[i] = new FixedRoom<ulong>(BitMask.WordCount(length), i);
        }

        _claimed = new ulong[BitMask.WordCount(length)];
    }

    /// <summary>Moves on to a piece.</summary>
    internal void MoveTo(long start, int length)
    {
        Start = start;
        Length = length;
    }
}
