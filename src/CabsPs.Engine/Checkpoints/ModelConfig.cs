using System.Text;
using System.Text.Json;

namespace CabsPs.Engine.Checkpoints;

/// <summary>A model's config.json. Its text is kept: a result differs from it in the values that must change and nowhere else.</summary>
public sealed class ModelConfig
{
    /// <summary>The file's name in a model folder.</summary>
    public const string FileName = "config.json";

    /// <summary>Larger files are no configs; the largest, with the names of some twenty thousand classes, have a megabyte.</summary>
    public const int MaxBytes = 4 << 20;

    private const int MaxValues = 1000;

    private static readonly JsonReaderOptions s_options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private readonly byte[] _text;
    private readonly bool _isEmpty;
    private readonly List<(string, int)> _lists = [];
    private List<ConfigValue>? _values;
    private int _firstBrace;

    private ModelConfig(byte[] text, JsonElement root)
    {
        _text = text;
        _isEmpty = !root.EnumerateObject().Any();
        Architecture = root.TryGetProperty("architectures", out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? list[0].ToString()
            : null;
        ModelType = root.TryGetProperty("model_type", out JsonElement type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
        TieWordEmbeddings = root.TryGetProperty("tie_word_embeddings", out JsonElement tie) && tie.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? tie.GetBoolean()
            : null;
    }

    /// <summary>The file's bytes, without a byte order mark.</summary>
    public byte[] Text => _text;

    /// <summary>The first class name under <c>architectures</c>, or null.</summary>
    public string? Architecture { get; }

    /// <summary>The value of <c>model_type</c>, or null.</summary>
    public string? ModelType { get; }

    /// <summary>The value of <c>tie_word_embeddings</c>, or null where the file leaves it to the architecture's default.</summary>
    public bool? TieWordEmbeddings { get; }

    /// <summary>Reads a config.json.</summary>
    /// <param name="path">The full path.</param>
    /// <returns>The config, or null when there is no such file.</returns>
    /// <exception cref="CabsException">The file is not a JSON object.</exception>
    public static ModelConfig? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        return Parse(InputFile.ReadAll(path, MaxBytes, CabsError.ConfigInvalid), path);
    }

    /// <summary>Reads a config from its text.</summary>
    /// <param name="text">The file's bytes.</param>
    /// <param name="path">What messages call it.</param>
    /// <exception cref="CabsException">The text is not a JSON object.</exception>
    internal static ModelConfig Parse(byte[] text, string path)
    {
        try
        {
            if (text.AsSpan().StartsWith("\uFEFF"u8))
                text = text[3..];
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new CabsException(CabsError.ConfigInvalid, $"{path}: not a JSON object", path);
            var config = new ModelConfig(text, document.RootElement);
            // what cannot be rewritten later shall fail now
            _ = config.Values;
            return config;
        }
        catch (InvalidOperationException e)
        {
            throw new CabsException(CabsError.ConfigInvalid, $"{path}: holds text that is not valid UTF-8", path, e);
        }
        catch (InvalidDataException e)
        {
            throw new CabsException(CabsError.ConfigInvalid, $"{path}: {e.Message}", path, e);
        }
        catch (JsonException e)
        {
            throw new CabsException(CabsError.ConfigInvalid, $"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", path, e);
        }
    }

    /// <summary>All single values that a result may change, with their places in the text.</summary>
    internal IReadOnlyList<ConfigValue> Values => _values ??= FindValues();

    /// <summary>All lists about layers: the key of each and how many entries it has.</summary>
    internal IReadOnlyList<(string Key, int Length)> Lists
    {
        get
        {
            _ = Values;
            return _lists;
        }
    }

    /// <summary>The text with some places replaced.</summary>
    /// <param name="edits">Begin, end and new text of each.</param>
    /// <param name="added">An entry that comes first, or null.</param>
    internal byte[] With(IReadOnlyList<(int Start, int End, string Text)> edits, string? added)
    {
        using var output = new MemoryStream(_text.Length + 64);
        int copied = 0;
        if (added is not null)
        {
            _ = Values;
            copied = _firstBrace + 1;
            output.Write(_text, 0, copied);
            output.Write(Encoding.UTF8.GetBytes($"\n  {added}{(_isEmpty ? "\n" : ",")}"));
        }

        foreach ((int start, int end, string text) in edits.OrderBy(e => e.Start))
        {
            output.Write(_text, copied, start - copied);
            output.Write(Encoding.UTF8.GetBytes(text));
            copied = end;
        }

        output.Write(_text, copied, _text.Length - copied);
        return output.ToArray();
    }

    private List<ConfigValue> FindValues()
    {
        var values = new List<ConfigValue>();
        var path = new List<string>();
        var counts = new Stack<int>();
        var reader = new Utf8JsonReader(_text, s_options);
        string? key = null;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                key = reader.GetString();
                continue;
            }

            bool ends = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
            if (!ends && counts.Count > 0)
                counts.Push(counts.Pop() + 1);
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                if (path.Count == 0)
                    _firstBrace = (int)reader.TokenStartIndex;
                path.Add(key ?? string.Empty);
                counts.Push(0);
            }
            else if (ends)
            {
                if (reader.TokenType == JsonTokenType.EndArray && path[^1].Contains("layer", StringComparison.Ordinal))
                    _lists.Add((path[^1], counts.Peek()));
                counts.Pop();
                path.RemoveAt(path.Count - 1);
            }
            else if (key is not null && ConfigEditor.MayChange(key))
            {
                if (values.Count == MaxValues)
                    throw new InvalidDataException($"it says more than {MaxValues} times what its layers, types and vocabulary are");
                values.Add(new ConfigValue([.. path.Skip(1), key], reader.TokenType, (int)reader.TokenStartIndex, (int)reader.BytesConsumed));
            }

            key = null;
        }

        return values;
    }
}

/// <summary>A single value of a config.json.</summary>
/// <param name="Path">The keys that lead to it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="End">Where it ends.</param>
internal sealed record ConfigValue(IReadOnlyList<string> Path, JsonTokenType Kind, int Start, int End)
{
    /// <summary>The last key.</summary>
    public string Key => Path[^1];

    /// <summary>Whether it stands at the top.</summary>
    public bool IsTop => Path.Count == 1;

    /// <summary>The key of the part it belongs to; empty at the top.</summary>
    public string Section => IsTop ? string.Empty : Path[0];
}
