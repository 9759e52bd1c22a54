using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>The models of a merge, opened: headers only, each model once however often it is named.</summary>
internal sealed class ModelSet
{
    private readonly Dictionary<string, Checkpoint> _byPath = new(StringComparer.Ordinal);
    private readonly List<Checkpoint> _all = [];

    /// <summary>Opens all models of a definition.</summary>
    /// <exception cref="CabsException">A model cannot be read.</exception>
    public ModelSet(MergeDefinition definition)
    {
        if (definition.BasePath is { } path)
            Add(path);
        foreach (ModelInput input in definition.Inputs.Concat(definition.Modules.SelectMany(m => m.Slices).SelectMany(s => s.Sources)))
            Add(input.Path);
        foreach (MergeSlice slice in definition.Modules.SelectMany(m => m.Slices))
        {
            if (slice.BasePath is { } own)
                Add(own);
        }

        if (_all.Count == 0)
            throw new CabsException(CabsError.NothingToMerge, "there is no model to merge");
        Inputs = [.. definition.Inputs.Select(i => this[i.Path])];
        Base = definition.BasePath is { } used && definition.Method.BaseRule != BaseRule.Ignored ? this[used] : null;
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

    private void Add(string path)
    {
        if (_byPath.ContainsKey(path))
            return;
        Checkpoint model = _all.FirstOrDefault(m => ModelPaths.AreSame(m.Path, path)) ?? Checkpoint.Open(path);
        _byPath.Add(path, model);
        if (!_all.Contains(model))
            _all.Add(model);
    }
}
