using System.Text.Json;

namespace CabsPs.Engine.Checkpoints;

/// <summary>A model on disk: a Hugging Face folder (<c>model.safetensors</c> or an index with shards) or one safetensors file.
/// Opening reads headers alone; no file stays open.</summary>
public sealed class Checkpoint
{
    private const string SingleFile = "model.safetensors";
    internal const string IndexFile = "model.safetensors.index.json";
    private readonly Dictionary<string, TensorInfo> _byName;

    private Checkpoint(string path, string? folder, IReadOnlyList<string> files, IReadOnlyList<TensorInfo> tensors, ModelConfig? config)
    {
        Path = path;
        Folder = folder;
        Files = files;
        Tensors = tensors;
        Config = config;
        _byName = new Dictionary<string, TensorInfo>(tensors.Count, StringComparer.Ordinal);
        foreach (TensorInfo tensor in tensors)
            _byName.Add(tensor.Name, tensor);
    }

    /// <summary>The full path of the folder or file.</summary>
    public string Path { get; }

    /// <summary>The folder, or null when the checkpoint is a lone file.</summary>
    public string? Folder { get; }

    /// <summary>The last part of the path, without the extension of a lone file.</summary>
    public string Name => Folder is null ? System.IO.Path.GetFileNameWithoutExtension(Path) : System.IO.Path.GetFileName(Path);

    /// <summary>Whether it was planned before it existed: its small files lie elsewhere.</summary>
    internal bool IsPlanned => Folder is not null && Folder != Path;

    /// <summary>Full paths of the weight files, in the order of their names.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>All tensors, in natural order of their names (layer 2 before layer 10), whatever file they lie in.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>The folder's config.json, or null when there is none.</summary>
    public ModelConfig? Config { get; }

    /// <summary>Number of weights of all tensors.</summary>
    public long ParameterCount => Tensors.Sum(t => t.Count);

    /// <summary>Bytes of all tensors.</summary>
    public long ByteLength => Tensors.Sum(t => t.ByteLength);

    /// <summary>The type most weights have, or null without floating-point weights.</summary>
    public DType? MainType => DominantType(Tensors.Select(t => (t.Type, t.Count)));

    /// <summary>The tensor of this name, or null.</summary>
    public TensorInfo? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>True when the output head shares the embedding's weights instead of being stored, as config.json says or a
    /// language model without a stored head implies.</summary>
    public bool TiesEmbeddings => Find(TiedWeights.Head) is null && TiedWeights.FindEmbedding(this) is not null
        && (Config?.TieWordEmbeddings ?? (Config?.Architecture is { } name && TiedWeights.IsLanguageModel(name)));

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">A folder or a .safetensors file.</param>
    /// <exception cref="CabsException">There is no checkpoint at the path, or its headers are wrong.</exception>
    public static Checkpoint Open(string path)
    {
        // no file system has such a name, and .NET throws on it
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            throw new CabsException(CabsError.CheckpointNotFound, $"{Text.Quote(path)} is not a path; give a model folder or a .safetensors file", path);
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (File.Exists(full))
        {
            if (!full.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
                throw new CabsException(CabsError.CheckpointNotFound, $"{path}: not a .safetensors file; give a model folder or a .safetensors file", path);
            return new Checkpoint(full, null, [full], Sort(SafetensorsHeader.Read(full)), null);
        }

        if (!Directory.Exists(full))
            throw new CabsException(CabsError.CheckpointNotFound, $"{path}: no such folder or file", path);
        ModelConfig? config = ModelConfig.Read(System.IO.Path.Combine(full, ModelConfig.FileName));
        string index = System.IO.Path.Combine(full, IndexFile);
        if (File.Exists(index))
            return OpenSharded(full, index, config);
        string single = System.IO.Path.Combine(full, SingleFile);
        if (!File.Exists(single))
        {
            string[] candidates = Directory.GetFiles(full, "*.safetensors");
            if (File.Exists(System.IO.Path.Combine(full, "adapter_config.json")))
                throw new CabsException(CabsError.CheckpointNotFound, $"{path}: is an adapter, not a model; fold it into its model first", path);
            if (candidates.Length != 1)
                throw new CabsException(CabsError.CheckpointNotFound, $"{path}: holds neither {SingleFile} nor {IndexFile}{PyTorchHint(full)}", path);
            single = candidates[0];
        }

        return new Checkpoint(full, full, [single], Sort(SafetensorsHeader.Read(single)), config);
    }

    /// <summary>A checkpoint that does not exist yet.</summary>
    /// <param name="path">The folder it will get.</param>
    /// <param name="sideFolder">A folder that holds its small files already.</param>
    /// <param name="layout">Where its tensors will lie.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="config">Its config.json, or null.</param>
    internal static Checkpoint Planned(string path, string sideFolder, OutputLayout layout, IReadOnlyList<OutputTensor> tensors, byte[]? config)
    {
        var places = layout.Shards.SelectMany(s => s.Offsets.Select(o => (o.Key, File: System.IO.Path.Combine(path, s.FileName), Offset: o.Value))).ToDictionary(p => p.Key, StringComparer.Ordinal);
        return new Checkpoint(
            path,
            sideFolder,
            [.. layout.Shards.Select(s => System.IO.Path.Combine(path, s.FileName))],
            Sort(tensors.Select(t => new TensorInfo(t.Name, t.Type, t.Shape, t.Count, places[t.Name].File, places[t.Name].Offset))),
            config is null ? null : ModelConfig.Parse(config, System.IO.Path.Combine(path, ModelConfig.FileName)));
    }

    /// <summary>The floating-point type that most weights have; the wider one when two have as many; null when there are none.</summary>
    public static DType? DominantType(IEnumerable<(DType Type, long Count)> tensors)
    {
        var counts = tensors.Where(t => t.Type.IsMergeable()).GroupBy(t => t.Type).Select(g => (Type: g.Key, Count: g.Sum(t => t.Count))).ToList();
        return counts.Count == 0 ? null : counts.OrderByDescending(c => c.Count).ThenBy(c => c.Type).First().Type;
    }

    private static string PyTorchHint(string folder) =>
        Directory.EnumerateFiles(folder, "pytorch_model*.bin").Any()
            ? "; its weights are PyTorch .bin files: save them as safetensors first"
            : string.Empty;

    private static Checkpoint OpenSharded(string folder, string index, ModelConfig? config)
    {
        Dictionary<string, string> map = ReadIndex(index);
        var tensors = new List<TensorInfo>(map.Count);
        var files = new List<string>();
        foreach (IGrouping<string, string> shard in map.GroupBy(entry => entry.Value, entry => entry.Key).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            if (shard.Key != System.IO.Path.GetFileName(shard.Key) || shard.Key is "" or "." or ".." || shard.Key.Contains('\\') || shard.Key.Any(char.IsControl))
                throw new CabsException(CabsError.CheckpointInvalid, $"{index}: weight_map names the file {Text.Quote(shard.Key)}; a shard must lie in the same folder", index);
            string file = System.IO.Path.Combine(folder, shard.Key);
            if (!File.Exists(file))
                throw new CabsException(CabsError.CheckpointNotFound, $"{file}: missing, but {IndexFile} says that {Text.Quote(shard.First())} lies in it; download it again", file);
            files.Add(file);
            Dictionary<string, TensorInfo> held = SafetensorsHeader.Read(file).ToDictionary(t => t.Name, StringComparer.Ordinal);
            foreach (string name in shard)
            {
                if (!held.Remove(name, out TensorInfo? tensor))
                    throw new CabsException(CabsError.CheckpointInvalid, $"{index}: says that tensor {Text.Quote(name)} lies in {shard.Key}, which does not hold it", index);
                tensors.Add(tensor);
            }

            if (held.Count > 0)
                throw new CabsException(CabsError.CheckpointInvalid, $"{file}: holds tensor {Text.Quote(held.Keys.First())}, which {IndexFile} does not list there", file);
        }

        return new Checkpoint(folder, folder, files, Sort(tensors), config);
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using FileStream stream = File.OpenRead(index);
            if (stream.Length > SafetensorsHeader.MaxHeaderBytes)
                throw new CabsException(CabsError.CheckpointInvalid, $"{index}: has {stream.Length} bytes; more than {SafetensorsHeader.MaxHeaderBytes} is not an index", index);
            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 16 });
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonProperty entry in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                if (!map.TryAdd(entry.Name, entry.Value.GetString() ?? throw new InvalidOperationException("a file name is null")))
                    throw new CabsException(CabsError.CheckpointInvalid, $"{index}: lists tensor {Text.Quote(entry.Name)} twice", index);
            }

            return map;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CabsException(CabsError.CheckpointInvalid, $"{index}: not a shard index with a weight_map of tensor to file", index, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{index}: cannot be read: {e.Message}", index, e);
        }
    }

    private static List<TensorInfo> Sort(IEnumerable<TensorInfo> tensors) => [.. tensors.OrderBy(t => t.Name, NaturalOrder.Instance)];
}
