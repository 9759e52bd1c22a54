namespace CabsPs.Engine.Merging;

/// <summary>The threads that take tensors through their passes. Their buffers are made once and serve one queue after the other.</summary>
/// <param name="plan">Says how much room each thread needs.</param>
/// <param name="count">How many threads there are.</param>
internal sealed class WorkerThreads(MergePlan plan, int count)
{
    private readonly WorkBuffers?[] _buffers = new WorkBuffers?[count];
    private volatile string _current = string.Empty;

    /// <summary>The tensor that is worked on.</summary>
    public string Current => _current;

    /// <summary>Runs jobs until all have ended or one has failed.</summary>
    /// <param name="tensors">How many tensors there are.</param>
    /// <param name="open">Begins with one of them.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <param name="complete">Hears of each tensor that is complete; called from all threads.</param>
    /// <returns>What was done, in the order of the tensors.</returns>
    public IReadOnlyList<TensorJob> Run(int tensors, Func<int, TensorJob> open, CancellationToken cancel, Action<TensorJob>? complete = null)
    {
        var queue = new WorkQueue(tensors, open, plan.Memory.WholeBytes, cancel);
        var threads = new Thread[_buffers.Length - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(queue, worker, complete)) { IsBackground = true, Name = $"cabs worker {i + 2}" };
            threads[i].Start();
        }

        Work(queue, 0, complete);
        foreach (Thread thread in threads)
            thread.Join();
        queue.ThrowFirstFailure();
        cancel.ThrowIfCancellationRequested();
        return queue.Finished;
    }

    private void Work(WorkQueue queue, int worker, Action<TensorJob>? complete)
    {
        WorkBuffers buffers = _buffers[worker] ??= new WorkBuffers(plan);
        while (queue.TryTake(out WorkUnit unit))
        {
            Exception? failure = null;
            try
            {
                _current = unit.Job.Plan.Output.Name;
                unit.Job.Run(unit.Index, buffers);
            }
            catch (Exception e)
            {
                // thrown again on the caller's thread, once all workers have stopped
                failure = e;
                unit.Job.Hashes?.Break();
            }

            if (!queue.Done(unit, failure) || complete is null)
                continue;
            try
            {
                complete(unit.Job);
            }
            catch (Exception e)
            {
                queue.Fail(unit, e);
            }
        }
    }
}
