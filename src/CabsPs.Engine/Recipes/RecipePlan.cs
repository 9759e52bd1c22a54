using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Recipes;

/// <summary>A merge among those of a recipe file.</summary>
/// <param name="Name">The document's name; null for the file's result.</param>
/// <param name="Destination">The folder that it writes.</param>
/// <param name="Plan">What it does.</param>
public sealed record RecipeStep(string? Name, string Destination, MergePlan Plan);

/// <summary>All merges of a recipe file, planned before the first one runs: later ones know the results of earlier ones by their
/// plans. Results that are not kept lie beside the destination until the plan is disposed of.</summary>
public sealed class RecipePlan : IDisposable
{
    private readonly List<RecipeStep> _steps = [];
    private readonly string _destination;
    private readonly string _stages;
    private readonly bool _keepsStages;
    private readonly MergeOptions _options;
    private StagingFolder? _staging;

    private RecipePlan(string destination, string stages, bool keepsStages, MergeOptions options) =>
        (_destination, _stages, _keepsStages, _options) = (destination, stages, keepsStages, options);

    /// <summary>The merges, in the order in which they run. The last is the result, unless all have names.</summary>
    public IReadOnlyList<RecipeStep> Steps => _steps;

    /// <summary>Where small files of results that do not exist yet lie until the plan is disposed of.</summary>
    internal string SideFolder { get; } = Path.Combine(Path.GetTempPath(), $"cabs-{Guid.NewGuid():N}");

    /// <summary>Whether a step's result stays.</summary>
    public bool Keeps(RecipeStep step) => step.Name is null || _keepsStages;

    /// <summary>Plans a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">How to carry it out.</param>
    /// <param name="destination">The folder of the result; null to look only.</param>
    /// <param name="stages">The folder in which results of named documents stay; null lets them go.</param>
    /// <param name="problems">Collects what is wrong; null throws the first problem.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">A model cannot be read, models do not fit together, or a destination cannot be used.</exception>
    public static RecipePlan Create(RecipeFile recipe, MergeOptions options, string? destination, string? stages = null, Problems? problems = null, CancellationToken cancel = default)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination ?? "merged"));
        var plan = new RecipePlan(full, stages is null ? StagingFolder.StagesOf(full) : Path.GetFullPath(stages), stages is not null, options with { RecipeText = recipe.Content });
        try
        {
            plan.Fill(recipe, problems ?? new Problems(goOn: false), cancel);
            foreach (RecipeStep step in plan._steps)
            {
                if ((step.Name is { } name ? stages is null ? null : Path.Combine(stages, name) : destination) is { } place)
                {
                    Destination.Check(place, step.Plan.Models, options.Force || options.Resume);
                    Destination.Check(place, step.Plan.TokenizerFolders);
                }
            }

            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>Carries out one of the merges. They run in the order of <see cref="Steps"/>.</summary>
    /// <param name="step">The merge.</param>
    /// <param name="run">Its run, for who wants to know how far it is.</param>
    /// <param name="cancel">Stops it within a piece.</param>
    /// <exception cref="CabsException">An input or the destination cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public MergeResult Execute(RecipeStep step, MergeRun? run = null, CancellationToken cancel = default)
    {
        run ??= new MergeRun(step.Plan);
        if (_steps.Count == 1 || _keepsStages)
            return run.Execute(step.Destination, cancel);
        if (_staging is null)
        {
            _staging = StagingFolder.Open(_destination);
            _staging.KeepsUnfinished = _options.Resume;
            if (!_options.Resume)
                _staging.Clear(withStages: true);
            if (!_options.Resume && !_options.IgnoresFreeSpace)
                DiskSpace.Check(_steps.Select(s => (_destination, s.Plan.OutputFiles.Sum(f => f.ByteLength))));
        }

        return step.Name is null ? run.Execute(_staging, cancel) : run.Execute(step.Destination, cancel);
    }

    /// <summary>Removes results that are not kept.</summary>
    public void Dispose()
    {
        _staging?.Dispose();
        try
        {
            if (Directory.Exists(SideFolder))
                Directory.Delete(SideFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // leftovers in a folder of their own harm nobody
        }
    }

    private void Fill(RecipeFile recipe, Problems problems, CancellationToken cancel)
    {
        var planned = new PlannedModels();
        Dictionary<string, string> places = recipe.Stages.Where(s => s.Name is not null).ToDictionary(s => s.Path!, s => Path.Combine(_stages, s.Name!), StringComparer.Ordinal);
        var failed = new HashSet<string>(StringComparer.Ordinal);
        foreach (RecipeStage stage in recipe.Stages)
        {
            string folder = stage.Path is { } path ? places[path] : _destination;
            MergeDefinition definition = stage.Definition.Relocate(p => places.GetValueOrDefault(p, p));
            if (definition.ModelPaths.Any(failed.Contains) || MergePlanner.Plan(definition, stage.Name is null || _keepsStages ? _options : _options with { WritesModelCard = false }, planned, problems, cancel) is not { } plan)
            {
                failed.Add(folder);
                continue;
            }

            _steps.Add(new RecipeStep(stage.Name, folder, plan));
            if (stage.Name is not null)
                planned.Add(folder, plan, LayOutSideFiles(plan, _steps.Count));
        }
    }

    // later documents read tokenizers and small files of results that do not exist yet
    private string LayOutSideFiles(MergePlan plan, int number)
    {
        string folder = Path.Combine(SideFolder, number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            Directory.CreateDirectory(folder);
            if (plan.ConfigText is { } config)
                File.WriteAllBytes(Path.Combine(folder, ModelConfig.FileName), config);
            foreach (string file in plan.SideFiles)
                InputFile.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            foreach (TokenizerFile file in plan.TokenizerFiles)
                file.WriteTo(Path.Combine(folder, file.Name));
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{folder}: cannot be written: {e.Message}", folder, e);
        }
    }
}
