using System.IO.Hashing;
using CabsPs.Engine.Integrity;

namespace CabsPs.Engine.Tests.Integrity;

/// <summary>Bytes hashed in order by threads that have them in any order.</summary>
public sealed class OrderedHashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Pieces_of_several_threads_give_the_hash_of_the_whole(int threads)
    {
        byte[] bytes = new byte[100_003];
        new Random(1).NextBytes(bytes);
        var hash = new OrderedHash();
        int next = 0;
        // as the queue does it: parts in ascending order, each thread one at a time, of uneven length
        RunThreads(threads, () =>
        {
            for (int part; (part = Interlocked.Increment(ref next) - 1) * 997 < bytes.Length;)
            {
                if (part % 5 == 0)
                    Thread.Sleep(1);
                hash.Append(part * 997, bytes.AsSpan(part * 997, Math.Min(997, bytes.Length - (part * 997))));
            }
        });
        Assert.Equal(XxHash128.HashToUInt128(bytes), hash.Result.Value);
    }

    [Fact]
    public void Who_waits_for_a_piece_that_will_not_come_is_let_go()
    {
        var hash = new OrderedHash();
        int gone = 0;
        var waiting = new Thread(() => RunThreads(3, () => { hash.Append(10 * Interlocked.Increment(ref gone), new byte[10]); }));
        waiting.Start();
        while (Volatile.Read(ref gone) < 3)
            Thread.Yield();
        hash.Break();
        Assert.True(waiting.Join(TimeSpan.FromSeconds(30)));
    }

    private static void RunThreads(int count, Action action)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(() => action()))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
    }
}
