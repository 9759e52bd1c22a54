using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>An array that does not move and begins at a page, or a quarter of one further on: vectors then never cross a cache line,
/// and a store to one array is not taken for a load from another whose address ends in the same bits.</summary>
/// <typeparam name="T">What it holds.</typeparam>
internal readonly struct FixedRoom<T>
    where T : unmanaged
{
    private const int Page = 4096;
    private readonly T[] _array;
    private readonly int _start;

    /// <summary>Makes room.</summary>
    /// <param name="length">Elements.</param>
    /// <param name="quarter">Rooms used side by side begin at different quarters of a page.</param>
    public unsafe FixedRoom(int length, int quarter = 0)
    {
        _array = GC.AllocateUninitializedArray<T>(length + (2 * Page / sizeof(T)), pinned: true);
        Length = length;
        int over = (int)((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array)) & (Page - 1));
        _start = (Page - over + (quarter % 4 * (Page / 4))) / sizeof(T);
    }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>The first ones.</summary>
    public Span<T> First(int count) => _array.AsSpan(_start, count);

    /// <summary>All of it.</summary>
    public Memory<T> Memory => _array.AsMemory(_start, Length);

    /// <summary>Bytes that room for so many elements takes.</summary>
    public static unsafe long ByteLength(long length) => (length * sizeof(T)) + (2 * Page);
}
