using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>What a merge wants its user to know before it runs: warnings, and what of the experts does not reach the result.</summary>
internal static class MergeMessages
{
    private const int ShownNames = 8;

    /// <summary>Writes to standard error.</summary>
    public static void Write(Streams streams, MergePlan plan)
    {
        foreach (string warning in plan.Warnings)
            streams.Message($"warning: {warning}");
        foreach (var group in plan.LeftOut.GroupBy(t => (t.Model, t.Reason)))
        {
            string[] names = [.. TensorFolding.Fold(group.Select(t => (t.Tensor, Array.Empty<string>()))).Select(t => t.Name)];
            string more = names.Length > ShownNames ? $" and {names.Length - ShownNames} more (--json lists all)" : string.Empty;
            streams.Message($"note: left out of {group.Key.Model}: {string.Join(", ", names.Take(ShownNames))}{more}; {group.Key.Reason}");
        }
    }
}
