using System.Diagnostics;
using System.IO.Hashing;

namespace CabsPs.Engine.Integrity;

/// <summary>Hashes bytes in their order, though the pieces come from several threads: each waits until all bytes before its own are
/// hashed. Bytes are hashed while they are in the cache of the core that has them.</summary>
/// <remarks>Nobody waits for ever. The queue hands out the parts of a tensor in ascending order, a thread has one part at a time and
/// takes its pieces in order, so whoever waits, waits for a lower part that a running thread holds; the lowest part that is open waits for none. A
/// thread that fails calls <see cref="Break"/>, and all who wait for it go on without hashing: the merge fails anyway.</remarks>
internal sealed class OrderedHash
{
    // most turns come within this time; falling asleep and being woken costs as much
    private static readonly TimeSpan s_patience = TimeSpan.FromMicroseconds(100);
    private readonly XxHash128 _hash = new();
    private readonly object _turn = new();
    private long _next;
    private bool _broken;

    /// <summary>Hashes a piece when its turn has come.</summary>
    /// <param name="start">Its first byte's place.</param>
    /// <param name="bytes">The piece.</param>
    public void Append(long start, ReadOnlySpan<byte> bytes)
    {
        for (long begin = Stopwatch.GetTimestamp(); Volatile.Read(ref _next) != start && Stopwatch.GetElapsedTime(begin) < s_patience;)
            Thread.SpinWait(16);
        lock (_turn)
        {
            while (_next != start)
            {
                if (_broken)
                    return;
                Monitor.Wait(_turn);
            }
        }

        // only one thread can stand here: no other piece begins at this place
        _hash.Append(bytes);
        lock (_turn)
        {
            Volatile.Write(ref _next, start + bytes.Length);
            Monitor.PulseAll(_turn);
        }
    }

    /// <summary>Lets everybody go who waits for a piece that will not come.</summary>
    public void Break()
    {
        lock (_turn)
        {
            _broken = true;
            Monitor.PulseAll(_turn);
        }
    }

    /// <summary>The hash of all pieces, once they have come.</summary>
    public Digest Result => new(_hash.GetCurrentHashAsUInt128());
}
