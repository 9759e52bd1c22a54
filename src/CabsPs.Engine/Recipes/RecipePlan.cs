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
    private readonly string _stages;
    private readonly bool _keepsStages;

    private RecipePlan(string stages, bool keepsStages) => (_stages, _keepsStages) = (stages, keepsStages);

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
        string temporary = Path.Combine(Path.GetDirectoryName(full) ?? full, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.stages");
        var plan = new RecipePlan(stages is null ? temporary : Path.GetFullPath(stages), stages is not null);
        try
        {
            plan.Fill(recipe, options, full, problems ?? new Problems(goOn: false), cancel);
            foreach (RecipeStep step in plan._steps)
            {
                if ((step.Name is { } name ? stages is null ? null : Path.Combine(stages, name) : destination) is { } place)
                {
                    CheckpointWriter.CheckDestination(place, step.Plan.Models, options.Force);
                    CheckpointWriter.CheckDestination(place, step.Plan.TokenizerFolders);
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

    /// <summary>Removes results that are not kept.</summary>
    public void Dispose()
    {
        foreach (string folder in _keepsStages ? [SideFolder] : new[] { SideFolder, _stages })
        {
            try
            {
                if (Directory.Exists(folder))
                    Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // leftovers in a folder of their own harm nobody
            }
        }
    }

    private void Fill(RecipeFile recipe, MergeOptions options, string destination, Problems problems, CancellationToken cancel)
    {
        var planned = new PlannedModels();
        Dictionary<string, string> places = recipe.Stages.Where(s => s.Name is not null).ToDictionary(s => s.Path!, s => Path.Combine(_stages, s.Name!), StringComparer.Ordinal);
        var failed = new HashSet<string>(StringComparer.Ordinal);
        foreach (RecipeStage stage in recipe.Stages)
        {
            string folder = stage.Path is { } path ? places[path] : destination;
            MergeDefinition definition = stage.Definition.Relocate(p => places.GetValueOrDefault(p, p));
            if (definition.ModelPaths.Any(failed.Contains) || MergePlanner.Plan(definition, options, planned, problems, cancel) is not { } plan)
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
