namespace CabsPs.Engine.LinearAlgebra;

/// <summary>Keeps matrices that nobody needs any more from piling up: the garbage collector waits for far more of them than a memory limit leaves
/// room for. A full collection takes milliseconds here, since arrays of numbers refer to nothing.</summary>
internal static class LargeArrays
{
    private const long Bound = 16L << 20;

    [ThreadStatic]
    private static long s_collectedAt;

    /// <summary>Frees what is no longer needed, where the calling thread has allocated enough since the last time for that to matter.</summary>
    public static void Free()
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (allocated - s_collectedAt < Bound)
            return;
        s_collectedAt = allocated;
        GC.Collect();
    }
}
