using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>Models that do not exist yet: results of earlier merges, known by their plans.</summary>
internal sealed class PlannedModels
{
    private readonly Dictionary<string, Checkpoint> _byPath = new(StringComparer.Ordinal);

    /// <summary>Makes a plan's result known.</summary>
    /// <param name="path">The folder it will get.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="sideFolder">A folder that holds its small files already.</param>
    public void Add(string path, MergePlan plan, string sideFolder) =>
        _byPath.Add(path, Checkpoint.Planned(path, sideFolder, plan.Layout, [.. plan.Tensors.Select(t => t.Output)], plan.ConfigText));

    /// <summary>The model that a path will get, or null.</summary>
    public Checkpoint? Find(string path) => _byPath.GetValueOrDefault(path);
}
