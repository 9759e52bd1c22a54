using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>A model on disk: a Hugging Face folder (<c>model.safetensors</c> or an index with shards) or one safetensors file.
/// Opening reads headers alone; no file stays open.</summary>
public sealed class Checkpoint
{
    private const string SingleFile = "model.safetensors";
    internal const string IndexFile = "model.safetensors.index.json";

    /// <summary>The most tensors of a model, over all its files.</summary>
    public const int MaxTensors = 1_000_000;

    private const int LongestFileName = 255;
    private const long MaxBytes = long.MaxValue / 16;
    private readonly Dictionary<string, TensorInfo> _byName;
    private readonly Lazy<TensorInfo?> _embedding;

    private Checkpoint(string path, string? folder, IReadOnlyList<string> files, IReadOnlyList<TensorInfo> tensors, ModelConfig? config)
    {
        Path = path;
        Folder = folder;
        Files = files;
        Tensors = tensors;
        Config = config;
        _embedding = new Lazy<TensorInfo?>(() => TiedWeights.FindEmbedding(Tensors));
        _byName = new Dictionary<string, TensorInfo>(tensors.Count, StringComparer.Ordinal);
        foreach (TensorInfo tensor in tensors)
            _byName.Add(tensor.Name, tensor);
        // only a file with holes can claim it; nothing that is counted in bytes overflows below that
        if (tensors.Aggregate(Int128.Zero, static (sum, t) => sum + t.ByteLength) > MaxBytes)
            throw new CabsException(CabsError.CheckpointInvalid, $"{path}: its tensors claim more bytes than any disk has", path);
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

    /// <summary>The token embedding, or null.</summary>
    internal TensorInfo? Embedding => _embedding.Value;

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
            _ = InputFile.Look(full);
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
        string single = FindSingle(full, path);
        return new Checkpoint(full, full, [single], Sort(SafetensorsHeader.Read(single)), config);
    }

    private static string FindSingle(string folder, string path)
    {
        string single = System.IO.Path.Combine(folder, SingleFile);
        if (File.Exists(single))
            return single;
        if (File.Exists(System.IO.Path.Combine(folder, "adapter_config.json")))
            throw new CabsException(CabsError.CheckpointNotFound, $"{path}: is an adapter, not a model; fold it into its model first", path);
        try
        {
            return Directory.GetFiles(folder, "*.safetensors") is [var only]
                ? only
                : throw new CabsException(CabsError.CheckpointNotFound, $"{path}: holds neither {SingleFile} nor {IndexFile}{PyTorchHint(folder)}", path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be listed: {e.Message}", path, e);
        }
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

    /// <summary>A model known by its differences from another one.</summary>
    /// <param name="path">The file that holds them.</param>
    /// <param name="tensors">Its tensors.</param>
    internal static Checkpoint Differences(string path, IEnumerable<TensorInfo> tensors) => new(path, null, [path], Sort(tensors), null);

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

    // Files that the index does not name are no part of the model: many folders hold the same weights a second time in another layout.
    private static Checkpoint OpenSharded(string folder, string index, ModelConfig? config)
    {
        Dictionary<string, string> map = ReadIndex(index);
        var tensors = new List<TensorInfo>(map.Count);
        var files = new List<string>();
        foreach (IGrouping<string, string> shard in map.GroupBy(entry => entry.Value, entry => entry.Key).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
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
        InputFile.CheckSize(index, SafetensorsHeader.MaxHeaderBytes, CabsError.CheckpointInvalid, out long length);
        using SafeFileHandle? handle = length == 0 ? null : InputFile.Open(index, out _);
        long at = 0;
        var tokens = new JsonTokens(
            buffer =>
            {
                int read = handle is null ? 0 : InputFile.ReadAt(handle, buffer[..(int)Math.Min(buffer.Length, length - at)], at, index);
                at += read;
                return read;
            },
            new JsonReaderOptions { MaxDepth = 16 },
            skipMark: true);
        Dictionary<string, string>? map = null;
        try
        {
            tokens.Expect(JsonTokenType.StartObject);
            while (tokens.Next() == JsonTokenType.PropertyName)
            {
                if (!tokens.Is("weight_map"u8))
                    tokens.Skip();
                else if (map is null)
                    map = ReadWeightMap(ref tokens, index);
                else
                    throw new CabsException(CabsError.CheckpointInvalid, $"{index}: holds weight_map twice", index);
            }

            if (tokens.Read())
                throw new JsonException("something follows its end");
        }
        catch (JsonException e)
        {
            throw NoIndex(index, $" (byte {tokens.Position})", e);
        }
        finally
        {
            tokens.Dispose();
        }

        return map ?? throw NoIndex(index, string.Empty, null);
    }

    private static Dictionary<string, string> ReadWeightMap(ref JsonTokens tokens, string index)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        var files = new HashSet<string>(StringComparer.Ordinal);
        tokens.Expect(JsonTokenType.StartObject);
        while (tokens.Next() == JsonTokenType.PropertyName)
        {
            string name = tokens.Text();
            tokens.Expect(JsonTokenType.String);
            string file = tokens.Text();
            // a file name once in memory, however many tensors lie in it
            if (files.TryGetValue(file, out string? known))
                file = known;
            else if (files.Add(file) && !IsShardName(file))
                throw new CabsException(CabsError.CheckpointInvalid, $"{index}: weight_map names the file {Text.Quote(file)}; a shard must lie in the same folder and end in .safetensors", index);
            if (!map.TryAdd(name, file))
                throw new CabsException(CabsError.CheckpointInvalid, $"{index}: lists tensor {Text.Quote(name)} twice", index);
            if (map.Count > MaxTensors)
                throw new CabsException(CabsError.CheckpointInvalid, $"{index}: lists more than {MaxTensors} tensors, which no model has", index);
        }

        return map;
    }

    // a plain name on every system: nothing that leads out of the folder, to a drive or to another stream of a file
    private static bool IsShardName(string name) =>
        name.Length <= LongestFileName && name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':']) < 0 && !name.Any(char.IsControl);

    private static CabsException NoIndex(string index, string place, Exception? inner) =>
        new(CabsError.CheckpointInvalid, $"{index}: not a shard index with a weight_map of tensor to file{place}", index, inner);

    private static List<TensorInfo> Sort(IEnumerable<TensorInfo> tensors) => [.. tensors.OrderBy(t => t.Name, NaturalOrder.Instance)];
}
