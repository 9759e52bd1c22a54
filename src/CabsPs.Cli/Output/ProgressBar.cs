using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>Shows how far a long run is, with rate and time left, where somebody watches.</summary>
internal static class ProgressBar
{
    // runs that are over sooner need no bar, nor the library that draws it
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs something, with a bar on standard error when that is a terminal.</summary>
    /// <param name="streams">Where to draw.</param>
    /// <param name="quiet">Never draw.</param>
    /// <param name="progress">How far it is.</param>
    /// <param name="work">What to run.</param>
    public static T Watch<T>(Streams streams, bool quiet, Func<MergeProgress> progress, Func<T> work)
    {
        if (quiet || !streams.ErrorIsTerminal)
            return work();
        Task<T> task = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!WaitFor(task, s_patience))
            TryDraw(streams, progress, task);
        return task.GetAwaiter().GetResult();
    }

    // a terminal that goes away must not take the work with it
    private static void TryDraw(Streams streams, Func<MergeProgress> progress, Task task)
    {
        try
        {
            SpectreProgress.Draw(streams.Error, progress, () => WaitFor(task, TimeSpan.FromMilliseconds(100)));
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ArgumentException)
        {
            Task.WaitAny(task);
        }
    }

    // without throwing what the task ends with
    private static bool WaitFor(Task task, TimeSpan time) => Task.WaitAny([task], time) == 0;
}
