using System.Diagnostics;

namespace CabsPs.Bench;

/// <summary>Repeats a measurement and keeps the best: what the machine can do when nothing else disturbs it.</summary>
public static class Stopwatches
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(0.5);

    /// <summary>Seconds of the fastest of some runs, after some that warm up: until then methods are compiled anew.</summary>
    public static double Best(int runs, Action action)
    {
        long begin = Stopwatch.GetTimestamp();
        do
            action();
        while (Stopwatch.GetElapsedTime(begin) < s_warmUp);
        double best = double.MaxValue;
        for (int i = 0; i < runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    /// <summary>Does numbered work on some threads, the next piece going to whoever is free.</summary>
    public static void OnThreads(int threads, int pieces, Func<Action<int>> worker)
    {
        int next = -1;
        void Work()
        {
            Action<int> action = worker();
            for (int piece = Interlocked.Increment(ref next); piece < pieces; piece = Interlocked.Increment(ref next))
                action(piece);
        }

        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(_ => new Thread(Work))];
        foreach (Thread thread in others)
            thread.Start();
        Work();
        foreach (Thread thread in others)
            thread.Join();
    }
}
