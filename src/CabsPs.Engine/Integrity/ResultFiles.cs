using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>The files of a result with their hashes.</summary>
internal static class ResultFiles
{
    /// <summary>The files of a result just written.</summary>
    /// <param name="plan">The merge.</param>
    /// <param name="folder">The result.</param>
    /// <param name="small">The small files.</param>
    /// <param name="records">What is known of the tensors.</param>
    /// <param name="sha256">Per weight file its SHA-256, where it was asked for.</param>
    public static IReadOnlyList<ResultFile> Of(MergePlan plan, string folder, IEnumerable<ManifestFile> small, IReadOnlyList<TensorRecord> records, IReadOnlyDictionary<string, string> sha256)
    {
        var hashes = plan.Tensors.Select((t, i) => (t.Output.Name, records[i].Output)).ToDictionary(t => t.Name, t => t.Output, StringComparer.Ordinal);
        return Sorted(folder, plan, small, name => hashes[name], name => sha256.GetValueOrDefault(name));
    }

    /// <summary>The files of a result that was complete already.</summary>
    public static IReadOnlyList<ResultFile> Of(MergePlan plan, string folder, MergeManifest manifest)
    {
        byte[] own = File.ReadAllBytes(Path.Combine(folder, MergeManifest.FileName));
        return Sorted(folder, plan, manifest.Files.Append(new ManifestFile(MergeManifest.FileName, own.Length, Digest.Of(own))), name => manifest.Tensors[name], name => manifest.Weights.FirstOrDefault(w => w.Name == name)?.Sha256);
    }

    private static IReadOnlyList<ResultFile> Sorted(string folder, MergePlan plan, IEnumerable<ManifestFile> small, Func<string, Digest> hashOf, Func<string, string?> sha256) =>
    [
        .. small.Select(f => new ResultFile(Path.Combine(folder, f.Name), f.ByteLength, f.Hash.ToString()))
            .Concat(plan.Layout.Shards.Select(s => new ResultFile(Path.Combine(folder, s.FileName), s.ByteLength, HashOf(s, hashOf).ToString(), sha256(s.FileName))))
            .OrderBy(f => Path.GetFileName(f.Path), StringComparer.Ordinal),
    ];

    private static Digest HashOf(OutputShard shard, Func<string, Digest> hashOf) =>
        Digest.Of(System.Text.Encoding.ASCII.GetBytes(string.Concat([Digest.Of(shard.Header).ToString(), .. shard.Offsets.OrderBy(o => o.Value).ThenBy(o => o.Key, StringComparer.Ordinal).Select(o => hashOf(o.Key).ToString())])));
}
