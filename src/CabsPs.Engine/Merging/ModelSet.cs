using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.TaskVectors.Files;

namespace CabsPs.Engine.Merging;

/// <summary>The models of a merge, opened: headers only, each model once however often it is named.</summary>
internal sealed class ModelSet
{
    private readonly Dictionary<string, Checkpoint> _byPath = new(StringComparer.Ordinal);
    private readonly List<Checkpoint> _all = [];
    private readonly PlannedModels? _planned;
    private readonly MergeDefinition _definition;
    private readonly bool _hasBase;

    /// <summary>Opens all models of a definition.</summary>
    /// <exception cref="CabsException">A model cannot be read.</exception>
    public ModelSet(MergeDefinition definition, PlannedModels? planned)
    {
        _planned = planned;
        _definition = definition;
        _hasBase = definition.Method.BaseRule != BaseRule.Ignored;
        foreach (string path in definition.MergedPaths)
            Add(path);
        if (_all.Count == 0)
            throw new CabsException(CabsError.NothingToMerge, "there is no model to merge");
        Inputs = [.. definition.Inputs.Select(i => this[i.Path])];
        Base = definition.BasePath is { } used && _hasBase ? this[used] : null;
        Donor = definition.BasePath is { } donor ? this[donor] : _all[0];
    }

    /// <summary>Each model once.</summary>
    public IReadOnlyList<Checkpoint> All => _all;

    /// <summary>The definition's inputs.</summary>
    public IReadOnlyList<Checkpoint> Inputs { get; }

    /// <summary>The base to compute with, if any.</summary>
    public Checkpoint? Base { get; }

    /// <summary>The model that gives config.json and small files.</summary>
    public Checkpoint Donor { get; }

    /// <summary>The model at a path.</summary>
    public Checkpoint this[string path] => _byPath[path];

    /// <summary>A model that is not merged, as vocabularies may need one: the result of an earlier merge that a path stands for, or null.</summary>
    public Checkpoint? FindPlanned(string path) => _planned?.Find(path);

    /// <summary>Whether a source of a slice is the slice's base.</summary>
    public bool IsBase(MergeSlice slice, ModelInput source) => _hasBase && slice.BasePath is { } path && this[path] == this[source.Path];

    /// <summary>A model's place among the definition's inputs.</summary>
    public int IndexOf(ModelInput source)
    {
        Checkpoint model = this[source.Path];
        for (int i = 0; i < Inputs.Count; i++)
        {
            if (Inputs[i] == model)
                return i;
        }

        throw new ArgumentException($"{source.Path} is not among the inputs", nameof(source));
    }

    private void Add(string path)
    {
        if (_byPath.ContainsKey(path))
            return;
        Checkpoint model = _all.FirstOrDefault(m => ModelPaths.AreSame(m.Path, path)) ?? _planned?.Find(path) ?? (VectorFile.IsAt(path) ? OpenVector(path) : Checkpoint.Open(path));
        _byPath.Add(path, model);
        if (!_all.Contains(model))
            _all.Add(model);
    }

    // the base comes first among the paths
    private Checkpoint OpenVector(string path)
    {
        var file = VectorFile.Open(path);
        if (_definition.BasePath is not { } origin || !_byPath.TryGetValue(origin, out Checkpoint? model))
            throw new CabsException(CabsError.MethodNeedsModels, $"{path}: is a task vector, and there is no base that it can be added to; give the base, or the model that it was taken from", path);
        if (file.Sparsification is not null && !_definition.Groups.Any(g => g.Sparsifier is StoredSparsifier && g.Members.Any(m => _definition.Inputs[m].Path == path)))
            throw new CabsException(CabsError.AlreadySparsified, $"{path}: is sparsified ({file.Sparsification}), and a recipe takes dense task vectors; merge it with Import-TaskVector and Merge-TaskVector", path);
        return file.Over(model);
    }
}
