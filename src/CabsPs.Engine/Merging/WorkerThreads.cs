namespace CabsPs.Engine.Merging;

/// <summary>Takes tensors through their passes on the threads of a plan.</summary>
internal static class WorkerThreads
{
    /// <summary>Runs jobs until all have ended or one has failed.</summary>
    /// <param name="plan">Says how many threads there are, and how much room each needs.</param>
    /// <param name="count">How many tensors there are.</param>
    /// <param name="open">Begins with one of them.</param>
    /// <param name="current">Hears which tensor is worked on; called from all threads.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <returns>What was done, in the order of the tensors.</returns>
    public static IReadOnlyList<TensorJob> Run(MergePlan plan, int count, Func<int, TensorJob> open, Action<string> current, CancellationToken cancel)
    {
        var queue = new WorkQueue(count, open, plan.Memory.WholeBytes, cancel);
        var threads = new Thread[plan.Memory.Threads - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = $"cabs worker {i + 2}" };
            threads[i].Start();
        }

        Work();
        foreach (Thread thread in threads)
            thread.Join();
        queue.ThrowFirstFailure();
        cancel.ThrowIfCancellationRequested();
        return queue.Finished;

        void Work()
        {
            WorkBuffers? buffers = null;
            while (queue.TryTake(out WorkUnit unit))
            {
                Exception? failure = null;
                try
                {
                    current(unit.Job.Plan.Output.Name);
                    unit.Job.Run(unit.Index, buffers ??= new WorkBuffers(plan));
                }
                catch (Exception e)
                {
                    // thrown again on the caller's thread, once all workers have stopped
                    unit.Job.Hashes?.Break();
                    failure = e;
                }

                queue.Done(unit, failure);
            }
        }
    }
}
