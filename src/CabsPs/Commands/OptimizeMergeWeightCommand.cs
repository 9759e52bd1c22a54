using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Search;

namespace CabsPs.Commands;

/// <summary>Searches the weights of a merge that a script block judges best. Choose on a validation split with -Evaluate and report a test split with -Test: of
/// many trials the best one owes a part of its score to the examples that chose it.</summary>
[Cmdlet(VerbsCommon.Optimize, "MergeWeight", SupportsShouldProcess = true, DefaultParameterSetName = RecipeSet)]
[OutputType(typeof(WeightSearchResult))]
public sealed class OptimizeMergeWeightCommand : CabsCommand
{
    private const string RecipeSet = "Recipe";
    private const string VectorSet = "TaskVector";
    private readonly List<TaskVector> _vectors = [];

    /// <summary>The recipe; the weights of its unnamed document are searched.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = RecipeSet)]
    [ValidateNotNullOrEmpty]
    public string RecipePath { get; set; } = string.Empty;

    /// <summary>Task vectors of one base, dense or sparsified.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = VectorSet)]
    [ValidateNotNull]
    public TaskVector[] InputObject { get; set; } = [];

    /// <summary>How task vectors are merged.</summary>
    [Parameter(ParameterSetName = VectorSet)]
    [ArgumentCompleter(typeof(MethodCompleter))]
    public string Method { get; set; } = "task_arithmetic";

    /// <summary>Parameters of the method, under their names in recipes.</summary>
    [Parameter(ParameterSetName = VectorSet)]
    public Hashtable Parameter { get; set; } = [];

    /// <summary>Judges a merged model, whose folder it gets, on a validation split: returns a number, a hashtable of task scores, or numbers per example.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNull]
    public ScriptBlock Evaluate { get; set; } = null!;

    /// <summary>Judges the chosen model once more, on examples that did not choose it.</summary>
    [Parameter]
    public ScriptBlock? Test { get; set; }

    /// <summary>What is searched: one number, a weight per task vector, or a number per layer.</summary>
    [Parameter]
    public WeightScope Scope { get; set; }

    /// <summary>With -Scope Layer: so many bands of neighbouring layers instead of every layer.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Band { get; set; }

    /// <summary>The recipe's parameter that is searched; lambda, weight or t without.</summary>
    [Parameter]
    public string? ParameterName { get; set; }

    /// <summary>The strategy.</summary>
    [Parameter]
    [ValidateSet("grid", "coordinate", "cma-es")]
    public string Strategy { get; set; } = "coordinate";

    /// <summary>mean, or relative: tasks that fall behind the base model (or -Reference) count a hundredfold.</summary>
    [Parameter]
    [ValidateSet("mean", "relative")]
    public string Objective { get; set; } = "mean";

    /// <summary>Scores per task that the relative objective compares with; the base model is judged without.</summary>
    [Parameter]
    public Hashtable? Reference { get; set; }

    /// <summary>The judge's scores are losses.</summary>
    [Parameter]
    public SwitchParameter LowerIsBetter { get; set; }

    /// <summary>The smallest weight tried.</summary>
    [Parameter]
    public double Minimum { get; set; } = 0.1;

    /// <summary>The largest weight tried.</summary>
    [Parameter]
    public double Maximum { get; set; } = 2;

    /// <summary>The grid's step.</summary>
    [Parameter]
    public double Step { get; set; } = 0.1;

    /// <summary>The step round the grid's best (0 for none), 0.01 without; with coordinate the smallest step, 0.05 without.</summary>
    [Parameter]
    public double? FineStep { get; set; }

    /// <summary>Where cma-es begins.</summary>
    [Parameter]
    public double Start { get; set; } = 1;

    /// <summary>The spread of cma-es' first candidates.</summary>
    [Parameter]
    public double Sigma { get; set; } = 0.05;

    /// <summary>Candidates of a generation of cma-es.</summary>
    [Parameter]
    public int Population { get; set; } = 6;

    /// <summary>The most generations of cma-es.</summary>
    [Parameter]
    public int MaxGeneration { get; set; } = 50;

    /// <summary>Generations without progress after which cma-es ends.</summary>
    [Parameter]
    public int Patience { get; set; } = 6;

    /// <summary>The most trials.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaxTrial { get; set; } = 1000;

    /// <summary>What random choices start from.</summary>
    [Parameter]
    public long Seed { get; set; }

    /// <summary>The trials, a line of JSON each. A search that is begun again with it goes on where it was stopped and repeats no trial.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>The folder the model with the best weights gets; new or empty.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputPath { get; set; }

    /// <summary>Where models lie while they are judged.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkPath { get; set; }

    /// <summary>Trials side by side. With more than 1 the script blocks run in runspaces of their own, as with ForEach-Object -Parallel: they see the caller's
    /// variables as $using:name.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int Parallel { get; set; } = 1;

    /// <summary>Threads of one merge; one per core without, shared by trials side by side.</summary>
    [Parameter]
    [Alias("Threads")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; }

    /// <summary>The most bytes that the buffers of one merge may take together.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long MaxMemory { get; set; } = MergeOptions.DefaultMaxMemory;

    /// <summary>Lets NaN and infinity in the inputs through.</summary>
    [Parameter]
    public SwitchParameter AllowNonFinite { get; set; }

    /// <summary>Replaces what -OutputPath holds, once the result is complete.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _vectors.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        string what = ParameterSetName == VectorSet ? string.Join(", ", _vectors.Select(v => v.Name)) : RecipePath;
        if ((ParameterSetName == VectorSet && _vectors.Count == 0) || !ShouldProcess($"search weights of {what} by {Strategy}{(OutputPath is null ? string.Empty : $" and write the best model to {OutputPath}")}", $"Search weights of {what}?", "Optimize"))
            return;
        WriteObject(Require(OutputPath, Search));
    }

    private WeightSearchResult Search()
    {
        string? log = LogPath is null ? null : RequireLiteral(LogPath), destination = OutputPath is null ? null : RequireLiteral(OutputPath);
        string work = WorkPath is null ? (log is null ? Path.Combine(Path.GetTempPath(), $"cabs-{Guid.NewGuid():N}") : $"{log}.work") : RequireLiteral(WorkPath);
        SearchOptions options = Searching();
        options.Check();
        try
        {
            using TrialMerger merger = Merger(work);
            foreach (string warning in merger.Warnings)
                WriteWarning(warning);
            if (destination is not null)
                merger.CheckDestination(destination, Force);
            using var search = new WeightSearch(merger.Space.Names, options, log, merger.Identity, Evaluate.ToString());
            if (WorkPath is null && log is not null)
                merger.RemoveLeftovers();
            Search(search, merger);
            Engine.Search.TestScore? tested = Test is null ? null : search.FindTest(Test.ToString()) ?? Tested(search, merger, Test);
            string? model = destination is null ? null : Run(cancel => merger.MergeTo(search.Best!.Weights, destination, Force, cancel)).Path;
            if (Test is null)
                WriteVerbose("the score that chose the weights flatters them: judge a test split with -Test before you report it");
            return new WeightSearchResult(search.Result(tested, model));
        }
        finally
        {
            TrialMerger.RemoveEmpty(work);
        }
    }

    private TrialMerger Merger(string work)
    {
        var options = new MergeOptions { MaxMemory = MaxMemory, Threads = ThrottleLimit > 0 ? ThrottleLimit : Parallel > 1 ? Math.Max(1, Environment.ProcessorCount / Parallel) : 0 };
        var scope = (Engine.Search.WeightScope)Scope;
        if (ParameterSetName == RecipeSet)
        {
            string path = RequireLiteral(RecipePath), location = RequireLiteral(".");
            RecipeFile recipe = Recipe.ReadFile(path, location).With((d, _) => d with { AllowNonFinite = AllowNonFinite, Seed = Seed });
            return Run(cancel => TrialMerger.Create(recipe, options, scope, Band, ParameterName, work, cancel));
        }

        MergeMethod method = MethodCatalog.Get(Method);
        MergeDefinition definition = Engine.TaskVectors.TaskVector.Define(VectorNames.Distinct(_vectors), method, method.ParametersOf(RecipeParameters.Of(Parameter))) with { AllowNonFinite = AllowNonFinite, Seed = Seed };
        return Run(cancel => TrialMerger.Create(definition, options, scope, Band, ParameterName, work, cancel));
    }

    private void Search(WeightSearch search, TrialMerger merger)
    {
        if (search.WantsReference)
        {
            if (Reference is { } given)
                search.AddReference(ScriptScores.Read([new PSObject(given)]), null);
            else
                Timed(() => ScriptScores.Read(Judged(() => Evaluate.Invoke(merger.BasePath))), search.AddReference);
        }

        while (search.Next() is { Count: > 0 } candidates)
        {
            Run(cancel =>
            {
                merger.PrepareMasks(cancel);
                return true;
            });
            if (Parallel > 1 && candidates.Count > 1)
                JudgeSideBySide(search, merger, candidates);
            else
                JudgeInTurn(search, merger, candidates);
        }
    }

    // merged on other threads, judged on the pipeline's
    private void JudgeInTurn(WeightSearch search, TrialMerger merger, IReadOnlyList<SearchCandidate> candidates)
    {
        foreach (SearchCandidate candidate in candidates)
        {
            long start = Stopwatch.GetTimestamp();
            string model = Run(cancel => merger.Merge(candidate.Weights, cancel));
            try
            {
                SearchTrial trial = search.Add(candidate, ScriptScores.Read(Judged(() => Evaluate.Invoke(model))), Stopwatch.GetElapsedTime(start));
                Tell(search, trial);
            }
            finally
            {
                TrialMerger.Remove(model);
            }
        }
    }

    private void JudgeSideBySide(WeightSearch search, TrialMerger merger, IReadOnlyList<SearchCandidate> candidates)
    {
        using var judges = new RunspaceJudges(Evaluate, name => SessionState.PSVariable.GetValue(name), RequireLiteral("."), Math.Min(Parallel, candidates.Count));
        var done = new System.Collections.Concurrent.ConcurrentQueue<SearchTrial>();
        void TellDone()
        {
            while (done.TryDequeue(out SearchTrial? trial))
                Tell(search, trial);
        }

        Run(cancel =>
        {
            try
            {
                System.Threading.Tasks.Parallel.ForEach(candidates, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancel }, candidate =>
                {
                    long start = Stopwatch.GetTimestamp();
                    string model = merger.Merge(candidate.Weights, cancel);
                    try
                    {
                        done.Enqueue(search.Add(candidate, ScriptScores.Read(Judged(() => judges.Invoke(model, cancel))), Stopwatch.GetElapsedTime(start)));
                    }
                    finally
                    {
                        TrialMerger.Remove(model);
                    }
                });
            }
            catch (AggregateException e)
            {
                throw e.InnerExceptions.FirstOrDefault(i => i is CabsException) ?? e.InnerExceptions[0];
            }

            return true;
        }, TellDone);
        TellDone();
    }

    private Engine.Search.TestScore Tested(WeightSearch search, TrialMerger merger, ScriptBlock test)
    {
        string model = Run(cancel => merger.Merge(search.Best!.Weights, cancel));
        try
        {
            Engine.Search.TestScore? tested = null;
            Timed(() => ScriptScores.Read(Judged(() => test.Invoke(model))), (scores, time) => tested = search.AddTest(test.ToString(), scores, time ?? TimeSpan.Zero));
            return tested!;
        }
        finally
        {
            TrialMerger.Remove(model);
        }
    }

    private static void Timed(Func<IReadOnlyList<TaskScore>> judge, Action<IReadOnlyList<TaskScore>, TimeSpan?> take)
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<TaskScore> scores = judge();
        take(scores, Stopwatch.GetElapsedTime(start));
    }

    private static IReadOnlyList<PSObject> Judged(Func<IReadOnlyList<PSObject>> judge)
    {
        try
        {
            return judge();
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            throw new CabsException(CabsError.JudgeFailed, $"the judge failed: {e.InnerException?.Message ?? e.Message}", "Evaluate", e);
        }
    }

    private void Tell(WeightSearch search, SearchTrial trial)
    {
        string text = $"trial {trial.Number}: {WeightSpace.Describe(search.Names, trial.Weights)}: {Text.Significant(trial.Score)} (best {Text.Significant(search.Best!.Score)})";
        WriteVerbose(text);
        WriteProgress(new ProgressRecord(2, "Searching weights", text));
    }

    private SearchOptions Searching() => new()
    {
        Strategy = Strategy.ToLowerInvariant(),
        Objective = Objective.ToLowerInvariant(),
        LowerIsBetter = LowerIsBetter,
        Minimum = Minimum,
        Maximum = Maximum,
        Step = Step,
        FineStep = FineStep,
        Start = Start,
        Sigma = Sigma,
        Population = Population,
        Generations = MaxGeneration,
        Patience = Patience,
        MaxTrials = MaxTrial,
        Seed = Seed,
    };
}
