using System.Text;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Fuzzing;

/// <summary>A right result in several files, and the same merge unfinished: what hostile manifests and journals are made from.</summary>
public sealed class RightResult
{
    private const string Yaml = """
        merge_method: cabs
        base_model: base
        models: [{model: a, parameters: {weight: 0.5, n: 1, m: 4}}, {model: b, parameters: {weight: 0.25, n: 1, m: 2}}]

        """;

    // stands for the folder, so that the same seed changes the same places wherever it lies
    private const string Place = "/F";
    private readonly Dictionary<string, byte[]> _files;
    private readonly Dictionary<string, byte[]> _unfinished;

    /// <summary>Makes them.</summary>
    /// <param name="folder">An empty folder.</param>
    public RightResult(string folder)
    {
        Folder = folder;
        foreach ((string model, int number) in new[] { ("base", 0), ("a", 1), ("b", 2) })
        {
            Seeds.WriteModel(Path.Combine(folder, model), number);
            File.SetLastWriteTimeUtc(Path.Combine(folder, model, "model.safetensors"), new DateTime(2026, 1, 1 + number, 0, 0, 0, DateTimeKind.Utc));
        }

        File.WriteAllText(Path.Combine(folder, "recipe.yml"), Yaml);
        Merge(Options);
        _files = Contents(Destination);
        Directory.Delete(Destination, recursive: true);
        // a small file that is gone ends a merge when all tensors are written; asking for room would find it before
        string small = Path.Combine(folder, "base", "tokenizer.json");
        try
        {
            Merge(Options with { Resume = true, IgnoresFreeSpace = true }, _ => File.Delete(small));
        }
        catch (CabsException)
        {
            File.WriteAllText(small, Seeds.Tokenizer);
        }

        _unfinished = Contents(Partial);
        _unfinished.Remove("lock");
        Directory.Delete(Partial, recursive: true);
    }

    /// <summary>How its merge is carried out.</summary>
    public static MergeOptions Options { get; } = Attempts.Options with { ShardBytes = 64, Sha256 = true };

    /// <summary>The folder of its models and recipe.</summary>
    public string Folder { get; }

    /// <summary>Where it lies.</summary>
    public string Destination => Path.Combine(Folder, "merged");

    /// <summary>Where the unfinished merge lies.</summary>
    public string Partial => StagingFolder.PathFor(Destination);

    /// <summary>The right manifest.</summary>
    public byte[] Manifest => _files["cabs.json"];

    /// <summary>The right journal.</summary>
    public byte[] Journal => _unfinished["journal"];

    /// <summary>The tensors.</summary>
    public int TensorCount => Seeds.Tensors.Length;

    /// <summary>Bytes as a text of one character a byte, that is the same wherever the folder lies.</summary>
    public string Draft(byte[] bytes) => Encoding.Latin1.GetString(bytes).Replace(Written, Place, StringComparison.Ordinal);

    /// <summary>The bytes of such a text.</summary>
    public byte[] Finish(string draft) => Encoding.Latin1.GetBytes(draft.Replace(Place, Written, StringComparison.Ordinal));

    /// <summary>Lays out the result.</summary>
    public void WriteResult() => Write(Destination, _files);

    /// <summary>Lays out the unfinished merge.</summary>
    public void WriteUnfinished() => Write(Partial, _unfinished);

    /// <summary>Whether the destination holds these bytes: the right ones, or the right ones with another manifest.</summary>
    public bool IsRight(byte[]? manifest = null) =>
        Contents(Destination) is var found && found.Count == _files.Count
        && _files.All(f => found.TryGetValue(f.Key, out byte[]? bytes) && bytes.AsSpan().SequenceEqual(manifest is not null && f.Key == "cabs.json" ? manifest : f.Value));

    /// <summary>Removes both.</summary>
    public void Clear()
    {
        foreach (string made in new[] { Destination, Partial })
        {
            if (Directory.Exists(made))
                Directory.Delete(made, recursive: true);
        }
    }

    /// <summary>What else lies in the folder than was there.</summary>
    public IEnumerable<string> Strangers =>
        Directory.EnumerateFileSystemEntries(Folder).Select(e => Path.GetFileName(e)).Except(["base", "a", "b", "recipe.yml", "merged", Path.GetFileName(Partial)]);

    /// <summary>Merges.</summary>
    /// <param name="options">How.</param>
    /// <param name="planned">Told the plan before it is carried out.</param>
    public MergeResult Merge(MergeOptions options, Action<MergePlan>? planned = null)
    {
        using RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(Path.Combine(Folder, "recipe.yml"), Folder), options, Destination);
        planned?.Invoke(plan.Steps[0].Plan);
        return plan.Execute(plan.Steps[0]);
    }

    private string Written => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Folder.Replace("\\", "\\\\", StringComparison.Ordinal)));

    private static Dictionary<string, byte[]> Contents(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(folder, f), File.ReadAllBytes, StringComparer.Ordinal);

    private static void Write(string folder, Dictionary<string, byte[]> files)
    {
        foreach ((string name, byte[] bytes) in files)
        {
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
    }
}
