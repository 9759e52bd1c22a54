using System.Runtime.ExceptionServices;

namespace CabsPs.Engine.Merging;

/// <summary>A part of a tensor's pass, done by one thread.</summary>
/// <param name="Job">The tensor.</param>
/// <param name="Index">Which part.</param>
internal readonly record struct WorkUnit(TensorJob Job, int Index);

/// <summary>Hands out the parts of a merge in the order of the tensors; a new tensor is begun only when no part of an open one is
/// left, so that few are open at a time.</summary>
/// <param name="count">How many tensors there are.</param>
/// <param name="open">Begins with one of them.</param>
/// <param name="wholeBytes">The most bytes that open tensors may hold together; one alone may hold more.</param>
/// <param name="cancel">Ends the work.</param>
internal sealed class WorkQueue(int count, Func<int, TensorJob> open, long wholeBytes, CancellationToken cancel)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly List<TensorJob> _open = [];
    private readonly TensorJob?[] _finished = new TensorJob?[count];
    private TensorJob? _nextJob;
    private int _next;
    private int _waiting;
    private (int Tensor, int Unit, Exception Cause)? _failure;

    /// <summary>Takes the next part; waits where only the end of a pass will make more.</summary>
    /// <returns>False when nothing is left to do, or something failed.</returns>
    public bool TryTake(out WorkUnit unit)
    {
        while (true)
        {
            lock (_lock)
            {
                unit = default;
                if (_failure is not null || cancel.IsCancellationRequested)
                    return Leave();
                foreach (TensorJob job in _open)
                {
                    if (job.TryTake(out int index))
                    {
                        unit = new WorkUnit(job, index);
                        return true;
                    }
                }

                if (_next < _finished.Length)
                    _nextJob ??= open(_next++);
                if (_nextJob is { } next && (_open.Count == 0 || Room(next) >= 0))
                {
                    _nextJob = null;
                    if (next.UnitCount == 0)
                    {
                        _finished[next.Index] = next;
                        continue;
                    }

                    next.Keep(Room(next));
                    _open.Add(next);
                    continue;
                }

                if (_open.Count == 0)
                    return Leave();
                _waiting++;
            }

            _changed.Wait(CancellationToken.None);
        }
    }

    /// <summary>Takes back a part that is done or failed.</summary>
    /// <returns>Whether the tensor is complete with it.</returns>
    public bool Done(WorkUnit unit, Exception? failure)
    {
        lock (_lock)
        {
            Note(unit, failure);
            if (unit.Job.Finish(failure is not null) is not { } ended)
                return false;
            if (ended)
            {
                _open.Remove(unit.Job);
                _finished[unit.Job.Index] = unit.Job;
            }

            Wake();
            return ended && !unit.Job.HasFailed;
        }
    }

    /// <summary>Notes that what follows a complete tensor failed.</summary>
    public void Fail(WorkUnit unit, Exception failure)
    {
        lock (_lock)
        {
            Note(unit, failure);
            Wake();
        }
    }

    /// <summary>Throws what went wrong first, in the order of tensors and parts.</summary>
    public void ThrowFirstFailure()
    {
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure.Cause);
    }

    /// <summary>What was done, in the order of the tensors; known once all work has ended well.</summary>
    public IReadOnlyList<TensorJob> Finished => [.. _finished.Select(j => j!)];

    private void Note(WorkUnit unit, Exception? failure)
    {
        if (failure is not null && (_failure is not { } first || (unit.Job.Index, unit.Index).CompareTo((first.Tensor, first.Unit)) < 0))
            _failure = (unit.Job.Index, unit.Index, failure);
    }

    private long Room(TensorJob next) => wholeBytes - next.HeldBytes - _open.Sum(j => j.HeldBytes);

    private bool Leave()
    {
        Wake();
        return false;
    }

    private void Wake()
    {
        if (_waiting > 0)
            _changed.Release(_waiting);
        _waiting = 0;
    }
}
