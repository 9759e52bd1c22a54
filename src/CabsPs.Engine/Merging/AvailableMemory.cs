using System.Globalization;

namespace CabsPs.Engine.Merging;

/// <summary>Whether what a merge needs is there.</summary>
internal static class AvailableMemory
{
    /// <summary>Refuses a merge for which the machine, or the container it runs in, has too little memory left.</summary>
    /// <exception cref="CabsException">It has.</exception>
    public static void Check(MemoryBudget budget)
    {
        long free = Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and long limit ? limit : long.MaxValue, Free() ?? long.MaxValue);
        if (budget.BufferBytes > free)
            throw new CabsException(CabsError.MemoryLimit, $"the merge needs {Text.Bytes(budget.BufferBytes)} ({budget.BufferBytes} bytes) of buffers, and {Text.Bytes(free)} ({free} bytes) of memory are free; lower the memory limit or use fewer threads", budget.BufferBytes);
    }

    // what Linux can give without swapping; other systems tell the limit alone
    private static long? Free()
    {
        const string file = "/proc/meminfo";
        try
        {
            string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal)) : null;
            return line is not null && long.TryParse(line.AsSpan(13).Trim(" kB"), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes << 10 : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
