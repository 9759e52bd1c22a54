using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Search;

/// <summary>Merges a recipe again and again with other weights. What does not depend on them is done once: earlier documents of the recipe, and the masks of
/// all task vectors. Everything it writes besides results lies in a folder of its own that goes with it.</summary>
public sealed class TrialMerger : IDisposable
{
    private const string FolderName = "cabs-search";
    private readonly MergeDefinition _definition;
    private readonly MergeOptions _options;
    private readonly RecipePlan? _recipe;
    private readonly string _folder;
    private StoredMasks? _masks;
    private int _count;

    private TrialMerger(MergeDefinition definition, MergeOptions options, RecipePlan? recipe, string folder, WeightSpace space)
    {
        (_definition, _options, _recipe, _folder, Space) = (definition, options, recipe, folder, space);
    }

    /// <summary>What is searched for.</summary>
    public WeightSpace Space { get; }

    /// <summary>A fingerprint of the merge: recipe, and files of the models by name, length and time. Trials of a merge with another one do not count.</summary>
    public required string Identity { get; init; }

    /// <summary>Bytes of the masks that are kept between trials.</summary>
    public long MaskBytes => _masks?.ByteLength ?? 0;

    /// <summary>The base model's full path.</summary>
    public string? BasePath => _definition.BasePath is { } path ? Path.GetFullPath(path) : null;

    /// <summary>What the user may not have meant.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Prepares a recipe; its named documents are merged now.</summary>
    /// <param name="recipe">The recipe; what is searched are the weights of its last document.</param>
    /// <param name="options">Threads and memory of one merge.</param>
    /// <param name="scope">What is varied.</param>
    /// <param name="bands">Bands of layers, see <see cref="WeightSpace.Create"/>.</param>
    /// <param name="parameter">The parameter that is varied, likewise.</param>
    /// <param name="workFolder">The folder in which trials lie for as long as they are judged.</param>
    /// <param name="cancel">Stops within a piece.</param>
    /// <exception cref="CabsException">The recipe cannot run, or has no such weights.</exception>
    public static TrialMerger Create(RecipeFile recipe, MergeOptions options, WeightScope scope, int bands, string? parameter, string workFolder, CancellationToken cancel = default)
    {
        if (recipe.Result is null)
            throw new CabsException(CabsError.ParameterInvalid, $"{recipe.Path}: all documents have names, so there is no one result to search weights for; leave the name of one out", recipe.Path);
        string folder = NewFolder(workFolder);
        RecipePlan plan = RecipePlan.Create(recipe, options, Path.Combine(folder, "result"), null, null, cancel);
        try
        {
            foreach (RecipeStep step in plan.Steps.SkipLast(1))
                new MergeRun(step.Plan).Execute(step.Destination, cancel);
            MergePlan last = plan.Steps[^1].Plan;
            return new TrialMerger(last.Definition, options, plan, folder, WeightSpace.Create(last, scope, bands, parameter))
            {
                Warnings = last.Warnings,
                Identity = IdentityOf([.. recipe.Stages.Select(s => s.Definition)], [.. recipe.Stages.Select(s => s.Path).OfType<string>()]),
            };
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>Prepares a merge of task vectors.</summary>
    /// <param name="definition">The merge.</param>
    /// <param name="options">Threads and memory of one merge.</param>
    /// <param name="scope">What is varied.</param>
    /// <param name="bands">Bands of layers.</param>
    /// <param name="parameter">The parameter that is varied.</param>
    /// <param name="workFolder">The folder in which trials lie for as long as they are judged.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">The models cannot be merged, or there are no such weights.</exception>
    public static TrialMerger Create(MergeDefinition definition, MergeOptions options, WeightScope scope, int bands, string? parameter, string workFolder, CancellationToken cancel = default)
    {
        MergePlan plan = MergePlanner.Plan(definition, options, cancel);
        return new TrialMerger(definition, options, null, NewFolder(workFolder), WeightSpace.Create(plan, scope, bands, parameter))
        {
            Warnings = plan.Warnings,
            Identity = IdentityOf([definition], []),
        };
    }

    /// <summary>Makes the masks that all trials share. Not needed where the log answers everything.</summary>
    /// <param name="cancel">Stops within a piece.</param>
    public void PrepareMasks(CancellationToken cancel = default)
    {
        if (_masks is not null)
            return;
        Begin();
        _masks = StoredMasks.Create(_definition, _options, Path.Combine(_folder, "masks.bin"), cancel);
    }

    /// <summary>Merges with weights into a new folder of its own; for one trial at a time or several side by side.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="cancel">Stops within a piece; nothing is left behind.</param>
    /// <returns>The model's folder; give it back with <see cref="Remove"/>.</returns>
    public string Merge(IReadOnlyList<double> weights, CancellationToken cancel = default)
    {
        Begin();
        string destination = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"trial-{Interlocked.Increment(ref _count)}"));
        Merge(weights, destination, _options with { WritesModelCard = false }, cancel);
        return destination;
    }

    /// <summary>Merges with weights to where the result is to stay.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="destination">The folder.</param>
    /// <param name="force">Replaces what it holds.</param>
    /// <param name="cancel">Stops within a piece; nothing is left behind.</param>
    public MergeResult MergeTo(IReadOnlyList<double> weights, string destination, bool force, CancellationToken cancel = default) =>
        Merge(weights, destination, _options with { Force = force }, cancel);

    /// <summary>Refuses a destination that the result could not be written to, before the search begins.</summary>
    /// <param name="destination">The folder.</param>
    /// <param name="force">Whether what it holds may be replaced.</param>
    /// <exception cref="CabsException">It holds files, or is an input.</exception>
    public void CheckDestination(string destination, bool force) =>
        Destination.Check(destination, [.. _definition.ModelPaths.Select(Checkpoint.Open)], force);

    /// <summary>Removes what killed searches have left beside this one. Only for a work folder that no other search can use, as one that goes with a log does
    /// while the log is held.</summary>
    public void RemoveLeftovers()
    {
        string parent = Path.GetDirectoryName(_folder)!;
        if (!Directory.Exists(parent))
            return;
        foreach (string folder in Directory.GetDirectories(parent, $"{FolderName}-*").Where(f => f != _folder))
            Remove(folder);
    }

    /// <summary>Removes a work folder that nothing is left in.</summary>
    public static void RemoveEmpty(string folder)
    {
        try
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
                Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // another search has begun there
        }
    }

    /// <summary>Removes a trial's folder.</summary>
    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a judge may still hold a file; the whole folder goes at the end
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _masks?.Dispose();
        _recipe?.Dispose();
        Remove(_folder);
    }

    private MergeResult Merge(IReadOnlyList<double> weights, string destination, MergeOptions options, CancellationToken cancel)
    {
        MergeDefinition definition = Space.Apply(_definition, weights);
        return new MergeRun(MergePlanner.Plan(_masks?.Apply(definition) ?? definition, options, cancel)).Execute(destination, cancel);
    }

    private void Begin()
    {
        try
        {
            Directory.CreateDirectory(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{_folder}: cannot be written: {e.Message}", _folder, e);
        }
    }

    // of its own: another search may be at work beside it
    private static string NewFolder(string workFolder) => Path.Combine(Path.GetFullPath(workFolder), $"{FolderName}-{Guid.NewGuid():N}");

    // results of a recipe's other documents are what these say, and lie elsewhere every time
    private static string IdentityOf(IReadOnlyList<MergeDefinition> definitions, IReadOnlyList<string> results)
    {
        var text = new StringBuilder();
        foreach (MergeDefinition definition in definitions)
            Append(text, definition);
        foreach (string file in definitions.SelectMany(d => d.ModelPaths).Except(results).SelectMany(m => Checkpoint.Open(m).Files).Distinct())
        {
            var info = new FileInfo(file);
            text.Append(CultureInfo.InvariantCulture, $"{info.Name} {info.Length} {info.LastWriteTimeUtc.Ticks}\n");
        }

        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static void Append(StringBuilder text, MergeDefinition definition)
    {
        text.Append(definition.Method.Name).Append('|').Append(definition.BasePath).Append('|').Append(definition.Seed).Append('|').Append(definition.OutputType)
            .Append('|').AppendJoin(',', definition.Include).Append('|').AppendJoin(',', definition.Exclude).Append('|').Append(definition.SkipMissing).Append('|').Append(definition.Tokenizer?.ToString());
        Append(text, definition.Parameters);
        foreach (PostStep step in definition.Post)
            Append(text.Append(step.Method.Name), step.Parameters);
        foreach (ModelInput input in definition.Inputs)
            Append(text.Append(input.Path).Append(input.Contributes), input.Parameters);
        foreach (SparsifierGroup group in definition.Groups)
            Append(text.Append(group.Sparsifier.Name).AppendJoin(',', group.Members), group.Parameters ?? ParameterSet.Empty);
        foreach (MergeModule module in definition.Modules)
        {
            Append(text.Append(module.Name), module.Parameters);
            foreach (MergeSlice slice in module.Slices)
            {
                Append(text.Append(slice.BasePath), slice.Parameters);
                foreach (ModelInput source in slice.Sources)
                    Append(text.Append(source.Path).Append(source.Layers), source.Parameters);
            }
        }
    }

    private static void Append(StringBuilder text, ParameterSet parameters)
    {
        foreach (string name in parameters.Names.Order(StringComparer.Ordinal))
        {
            text.Append(name).Append('=');
            foreach (ParameterCondition condition in parameters.Conditions(name))
                text.Append(condition.Filter).Append(':').AppendJoin(',', condition.Values.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture))).Append(';');
        }

        text.Append('\n');
    }
}
