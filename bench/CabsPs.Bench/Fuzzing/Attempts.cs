using System.Diagnostics;
using CabsPs.Engine;
using CabsPs.Engine.Merging;

namespace CabsPs.Fuzzing;

/// <summary>What became of one hostile input.</summary>
/// <param name="Error">The error it was refused with; null when it was merged.</param>
/// <param name="Message">The error's message.</param>
/// <param name="Elapsed">How long the longest of its calls took.</param>
/// <param name="Allocated">Bytes that a call allocated beyond the buffers that the plan tells.</param>
/// <param name="Faults">What must not be: exceptions that nobody documented, limits passed, results that cannot be read.</param>
public sealed record Outcome(CabsError? Error, string Message, TimeSpan Elapsed, long Allocated, IReadOnlyList<string> Faults);

/// <summary>Calls that an input is tried with, and what each may cost and end in. They run on a thread of their own with a small stack, as
/// PowerShell gives its pipelines.</summary>
public sealed class Attempts
{
    /// <summary>The most bytes that an input may cost beyond the plan.</summary>
    public const long MaxAllocated = 64L << 20;

    /// <summary>The longest time that an input may take.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(2);

    // what planning and merging a tensor costs, most of the bytes for a moment: a result of many tensors may take that much more
    private const long PlanBytes = 10_000;
    private static readonly TimeSpan s_planTime = TimeSpan.FromMicroseconds(30);
    private static readonly TimeSpan s_forever = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly List<string> _faults = [];
    private CabsException? _error;
    private long _planned;
    private long _allocated;
    private int _tensors;
    private TimeSpan _elapsed;

    private Attempts(string folder) => _folder = folder;

    /// <summary>How merges are carried out.</summary>
    public static MergeOptions Options { get; } = new() { Threads = 1, PieceBytes = 4096 };

    /// <summary>Makes the calls.</summary>
    /// <param name="folder">Where the input lies; messages name a place in it.</param>
    /// <param name="calls">The calls; made again where they took long.</param>
    public static Outcome Run(string folder, Action<Attempts> calls)
    {
        Outcome outcome = RunOnce(folder, calls);
        // a machine or a disk that others use too may be slow for a while
        for (int again = 0; again < 3 && outcome.Elapsed > MaxTime && outcome.Elapsed < s_forever; again++)
            outcome = RunOnce(folder, calls);
        return outcome;
    }

    /// <summary>A call: it does what it says, or is refused with one line.</summary>
    /// <returns>Whether it was not refused.</returns>
    public bool Try(Action action)
    {
        (_error, _planned) = (null, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        bool done = false;
        try
        {
            action();
            done = true;
        }
        catch (CabsException e)
        {
            _error = e;
            if (e.Message.Length == 0 || e.Message.Any(char.IsControl))
                _faults.Add($"message is not one line: {e.Message}");
            if (!e.Message.Contains(_folder, StringComparison.Ordinal) && !e.Message.Contains('\'') && !e.Message.Contains("tensor", StringComparison.Ordinal))
                _faults.Add($"message names no place: {e.Message}");
        }
        catch (Exception e)
        {
            _faults.Add(Text.OneLine($"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("CabsPs.", StringComparison.Ordinal))?.Trim()}"));
        }

        _allocated = Math.Max(_allocated, GC.GetAllocatedBytesForCurrentThread() - before - _planned);
        _elapsed = clock.Elapsed > _elapsed ? clock.Elapsed : _elapsed;
        return done;
    }

    /// <summary>What is planned may cost what the plan says.</summary>
    public void Expect(MergePlan plan, bool merges)
    {
        _tensors += merges ? plan.Tensors.Count : 0;
        _planned += (merges ? plan.Memory.BufferBytes : 0) + (PlanBytes * plan.Tensors.Count);
    }

    /// <summary>Notes what must not be.</summary>
    public void Fault(string what) => _faults.Add(Text.OneLine(what));

    private static Outcome RunOnce(string folder, Action<Attempts> calls)
    {
        var attempts = new Attempts(folder);
        var thread = new Thread(() => calls(attempts), maxStackSize: 1 << 20) { IsBackground = true };
        thread.Start();
        if (!thread.Join(s_forever))
            return new Outcome(null, string.Empty, s_forever, 0, ["does not end"]);
        if (attempts._allocated > MaxAllocated)
            attempts._faults.Add($"allocates {Text.Bytes(attempts._allocated)} beyond the plan");
        if (attempts._elapsed > MaxTime + attempts._tensors * s_planTime)
            attempts._faults.Add($"takes {Text.Time(attempts._elapsed)}");
        return new Outcome(attempts._error?.Error, attempts._error?.Message ?? string.Empty, attempts._elapsed, attempts._allocated, attempts._faults);
    }
}
