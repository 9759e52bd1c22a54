namespace CabsPs.Engine.Integrity;

/// <summary>A loop over several threads that fails as a plain one does: with one exception, of the first item that failed.</summary>
internal static class InParallel
{
    /// <summary>Does something for every number below a count.</summary>
    public static void For(int count, int threads, CancellationToken cancel, Action<int> action)
    {
        var failures = new System.Collections.Concurrent.ConcurrentDictionary<int, Exception>();
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads) }, (i, state) =>
        {
            try
            {
                if (!state.IsStopped)
                    action(i);
            }
            catch (Exception e)
            {
                failures[i] = e;
                state.Stop();
            }
        });
        cancel.ThrowIfCancellationRequested();
        if (!failures.IsEmpty)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures[failures.Keys.Min()]);
    }
}
