using System.Diagnostics;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Fuzzing;

/// <summary>What became of one hostile input.</summary>
/// <param name="Error">The error it was refused with; null when it was merged.</param>
/// <param name="Message">The error's message.</param>
/// <param name="Elapsed">How long the longest of its calls took.</param>
/// <param name="Allocated">Bytes that a call allocated beyond the buffers that the plan tells.</param>
/// <param name="Faults">What must not be: exceptions that nobody documented, limits passed, results that cannot be read.</param>
public sealed record Outcome(CabsError? Error, string Message, TimeSpan Elapsed, long Allocated, IReadOnlyList<string> Faults);

/// <summary>Tries an input as a user would: opens the model, checks the recipe, merges, opens the result. On a thread of its own with a
/// small stack, as PowerShell gives its pipelines.</summary>
public sealed class Trial
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
    private readonly string _model;
    private readonly List<string> _faults = [];
    private CabsException? _error;
    private long _planned;
    private long _allocated;
    private int _tensors;
    private TimeSpan _elapsed;

    private Trial(string folder, string model) => (_folder, _model) = (folder, model);

    /// <summary>Tries what lies in a folder: a recipe.yml and the models it names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model that is hostile, inside it.</param>
    public static Outcome Run(string folder, string model)
    {
        Outcome outcome = RunOnce(folder, model);
        // a machine that others use too may be slow for once
        return outcome.Elapsed > MaxTime && outcome.Elapsed < s_forever && RunOnce(folder, model) is var again && again.Elapsed < outcome.Elapsed ? again : outcome;
    }

    private static Outcome RunOnce(string folder, string model)
    {
        var trial = new Trial(folder, model);
        var thread = new Thread(trial.TryAll, maxStackSize: 1 << 20) { IsBackground = true };
        thread.Start();
        if (!thread.Join(s_forever))
            return new Outcome(null, string.Empty, s_forever, 0, ["does not end"]);
        if (trial._allocated > MaxAllocated)
            trial._faults.Add($"allocates {Text.Bytes(trial._allocated)} beyond the plan");
        if (trial._elapsed > MaxTime + trial._tensors * s_planTime)
            trial._faults.Add($"takes {Text.Time(trial._elapsed)}");
        return new Outcome(trial._error?.Error, trial._error?.Message ?? string.Empty, trial._elapsed, trial._allocated, trial._faults);
    }

    private void TryAll()
    {
        Attempt(() =>
        {
            Checkpoint model = Checkpoint.Open(Path.Combine(_folder, _model));
            _ = (model.ParameterCount, model.ByteLength, model.MainType, model.TiesEmbeddings, model.Name);
        });
        Attempt(() =>
        {
            RecipeReport report = RecipeCheck.Run(Path.Combine(_folder, "recipe.yml"), Options, workingFolder: _folder);
            _planned = report.Steps.Sum(s => PlanBytes * s.Plan.Tensors.Count);
        });
        (_error, _planned) = (null, 0);
        string destination = Path.Combine(_folder, "merged");
        Attempt(() =>
        {
            using RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(Path.Combine(_folder, "recipe.yml"), _folder), Options, destination, Path.Combine(_folder, "stages"));
            foreach (RecipeStep step in plan.Steps)
            {
                _tensors += step.Plan.Tensors.Count;
                _planned += step.Plan.Memory.BufferBytes + (PlanBytes * step.Plan.Tensors.Count);
                new MergeRun(step.Plan).Execute(step.Destination);
                Checkpoint result = Checkpoint.Open(step.Destination);
                if (!result.Tensors.Select(t => (t.Name, t.Type, t.Count)).SequenceEqual(step.Plan.Tensors.Select(t => (t.Output.Name, t.Output.Type, t.Output.Count))))
                    _faults.Add("its result has other tensors than the plan");
            }
        });
        foreach (string made in new[] { destination, Path.Combine(_folder, "stages") })
        {
            if (Directory.Exists(made))
                Directory.Delete(made, recursive: true);
        }
    }

    private static MergeOptions Options => new() { Threads = 1, PieceBytes = 4096 };

    private void Attempt(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        try
        {
            action();
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
    }
}
