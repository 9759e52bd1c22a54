using System.Runtime.InteropServices;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>The masks of several vectors on one tensor, kept from the pass that made them for those after it. They lie outside the managed heap, so
/// that the next tensor's have the same room. Threads may fill pieces side by side that begin at multiples of 64.</summary>
internal sealed unsafe class KeptMasks : IDisposable
{
    private readonly long _words;
    private ulong* _bits;

    /// <summary>Makes room.</summary>
    /// <param name="vectors">How many masks.</param>
    /// <param name="count">Elements of the tensor.</param>
    public KeptMasks(int vectors, long count)
    {
        _words = WordsOf(count);
        Length = LengthOf(vectors, count);
        _bits = (ulong*)NativeMemory.Alloc((nuint)Length);
    }

    /// <summary>Lets go of what a run that failed left.</summary>
    ~KeptMasks() => Free();

    /// <summary>Bytes taken.</summary>
    public long Length { get; }

    /// <summary>Bytes of so many masks.</summary>
    public static long LengthOf(int vectors, long count) => vectors * WordsOf(count) * sizeof(ulong);

    /// <summary>A piece of one of them.</summary>
    public Span<ulong> Of(int vector, long start, int length) => new(_bits + (vector * _words) + (start >> 6), BitMask.WordCount(length));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static long WordsOf(long count) => (count + 63) >> 6;

    private void Free()
    {
        NativeMemory.Free(_bits);
        _bits = null;
    }
}
