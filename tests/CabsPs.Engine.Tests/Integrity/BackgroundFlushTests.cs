using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tests.Integrity;

/// <summary>Flushing while writing: when it happens, and that its failures are heard.</summary>
public sealed class BackgroundFlushTests
{
    private const long Interval = BackgroundFlush.Interval;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Bytes_below_an_interval_are_left_to_the_end()
    {
        int flushed = 0;
        using var flush = new BackgroundFlush(() => flushed++);
        flush.Written(Interval - 1, Interval - 1);
        flush.End();
        Assert.Equal(0, flushed);
    }

    [Fact]
    public void Every_interval_is_flushed_while_more_is_written()
    {
        using var done = new SemaphoreSlim(0);
        using var flush = new BackgroundFlush(() => done.Release());
        for (int i = 1; i <= 3; i++)
        {
            flush.Written((i * Interval) + 5, Interval);
            Assert.True(done.Wait(s_patience), $"interval {i}");
        }
    }

    [Fact]
    public void The_end_waits_for_a_flush_that_is_under_way()
    {
        bool ended = false;
        using var begun = new ManualResetEventSlim();
        using var flush = new BackgroundFlush(() =>
        {
            begun.Set();
            Thread.Sleep(50);
            Volatile.Write(ref ended, true);
        });
        flush.Written(Interval, Interval);
        Assert.True(begun.Wait(s_patience));
        flush.End();
        Assert.True(Volatile.Read(ref ended));
    }

    [Fact]
    public void A_flush_that_failed_stops_who_writes_on_and_who_ends()
    {
        var failure = new CabsException(CabsError.WriteFailed, "out/model.safetensors: cannot be written: input/output error");
        using var flush = new BackgroundFlush(() => throw failure);
        flush.Written(Interval, Interval);
        Assert.True(SpinWait.SpinUntil(() => Record.Exception(() => flush.Written(2 * Interval, Interval)) is not null, s_patience));
        Assert.Same(failure, Assert.Throws<CabsException>(() => flush.Written(2 * Interval, Interval)));
        Assert.Same(failure, Assert.Throws<CabsException>(flush.End));
    }
}
