using System.Buffers;
using System.Runtime.InteropServices;

namespace CabsPs.Bench;

/// <summary>Memory in huge pages, where the system gives them. A merge computes on small buffers whose pages it knows; looking for a new page of every
/// model with every tile would take a sixth of its time, and be measured with it.</summary>
internal sealed unsafe partial class HugeBuffer : MemoryManager<byte>
{
    private const int PageBytes = 2 << 20;
    private const int AdviseHugePages = 14;
    private readonly int _length;
    private byte* _bytes;

    /// <summary>Takes memory that is not zeroed.</summary>
    public HugeBuffer(int length)
    {
        _length = length;
        _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)length, PageBytes);
        if (OperatingSystem.IsLinux())
            _ = Advise(_bytes, (nuint)(length / PageBytes * PageBytes), AdviseHugePages);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(_bytes, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(_bytes + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(_bytes);
        _bytes = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);
}
