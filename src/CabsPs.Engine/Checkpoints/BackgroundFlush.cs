using System.Runtime.ExceptionServices;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Flushes what is written to the disk while more is being written, so that little is left to wait for at the end. Its thread begins with
/// the first <see cref="Interval"/> bytes: small results have none.</summary>
/// <param name="flush">Flushes everything written so far; called from one thread at a time.</param>
internal sealed class BackgroundFlush(Action flush) : IDisposable
{
    /// <summary>Bytes from one flush to the next; a disk that is slower takes more at a time.</summary>
    public const long Interval = 64 << 20;

    private readonly object _changed = new();
    private Thread? _thread;
    private bool _wanted;
    private bool _ended;
    private Exception? _failure;

    /// <summary>Hears that bytes were written.</summary>
    /// <param name="total">All bytes written so far, these included.</param>
    /// <param name="count">How many these are.</param>
    /// <exception cref="CabsException">An earlier flush failed.</exception>
    public void Written(long total, long count)
    {
        if (total / Interval == (total - count) / Interval)
            return;
        lock (_changed)
        {
            ThrowFailure();
            _wanted = true;
            Monitor.Pulse(_changed);
            if (_thread is not null)
                return;
            _thread = new Thread(Run) { IsBackground = true, Name = "cabs flush" };
            _thread.Start();
        }
    }

    /// <summary>Waits for a flush that is under way; none follows.</summary>
    /// <exception cref="CabsException">A flush failed: the system tells so once, a later one would not.</exception>
    public void End()
    {
        Dispose();
        ThrowFailure();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_changed)
        {
            _ended = true;
            Monitor.Pulse(_changed);
        }

        _thread?.Join();
    }

    private void ThrowFailure()
    {
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    private void Run()
    {
        while (true)
        {
            lock (_changed)
            {
                while (!_wanted && !_ended)
                    Monitor.Wait(_changed);
                if (_ended)
                    return;
                _wanted = false;
            }

            try
            {
                flush();
            }
            catch (Exception e)
            {
                // thrown again on a thread that writes, or at the end
                lock (_changed)
                    _failure = e;
                return;
            }
        }
    }
}
