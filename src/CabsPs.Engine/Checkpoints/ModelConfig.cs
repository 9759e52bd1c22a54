using System.Text;
using System.Text.Json;

namespace CabsPs.Engine.Checkpoints;

/// <summary>A model's config.json. Its text is kept: a result differs from it in the values that must change and nowhere else.</summary>
public sealed class ModelConfig
{
    /// <summary>The file's name in a model folder.</summary>
    public const string FileName = "config.json";

    private static readonly string[] s_typeKeys = ["dtype", "torch_dtype"];
    private static readonly JsonReaderOptions s_options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private readonly byte[] _text;
    private readonly bool _isEmpty;

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
        try
        {
            byte[] text = File.ReadAllBytes(path);
            if (text.AsSpan().StartsWith("\uFEFF"u8))
                text = text[3..];
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new CabsException(CabsError.ConfigInvalid, $"{path}: not a JSON object", path);
            var config = new ModelConfig(text, document.RootElement);
            // what cannot be rewritten later shall fail now
            _ = config.FindTypeValues(out _, out _);
            return config;
        }
        catch (InvalidOperationException e)
        {
            throw new CabsException(CabsError.ConfigInvalid, $"{path}: holds text that is not valid UTF-8", path, e);
        }
        catch (JsonException e)
        {
            throw new CabsException(CabsError.ConfigInvalid, $"{path}: not valid JSON at line {e.LineNumber + 1}", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }

    /// <summary>The text with the element type replaced, at the top and in the configs of a model's parts
    /// (<c>text_config</c>, <c>vision_config</c> …); added at the top where no key names it.</summary>
    public byte[] WithType(DType type)
    {
        byte[] value = Encoding.UTF8.GetBytes($"\"{type.TorchName()}\"");
        var places = FindTypeValues(out bool atTop, out int firstBrace);
        using var output = new MemoryStream(_text.Length + 64);
        int copied = 0;
        if (!atTop)
        {
            output.Write(_text, 0, firstBrace + 1);
            copied = firstBrace + 1;
            output.Write(Encoding.UTF8.GetBytes($"\n  \"torch_dtype\": \"{type.TorchName()}\"{(_isEmpty ? "\n" : ",")}"));
        }

        foreach ((int start, int end) in places)
        {
            output.Write(_text, copied, start - copied);
            output.Write(value);
            copied = end;
        }

        output.Write(_text, copied, _text.Length - copied);
        return output.ToArray();
    }

    private List<(int Start, int End)> FindTypeValues(out bool atTop, out int firstBrace)
    {
        var places = new List<(int, int)>();
        var path = new Stack<string>();
        var reader = new Utf8JsonReader(_text, s_options);
        string? key = null;
        atTop = false;
        firstBrace = 0;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (path.Count == 0)
                        firstBrace = (int)reader.TokenStartIndex;
                    path.Push(key ?? string.Empty);
                    key = null;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    path.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    key = reader.GetString();
                    break;
                default:
                    // quantization_config and the like have types of their own that a merge does not change
                    bool belongs = path.Count == 1 || path.SkipLast(1).All(p => p.EndsWith("_config", StringComparison.Ordinal) && p != "quantization_config");
                    if (key is not null && s_typeKeys.Contains(key) && belongs && (reader.TokenType == JsonTokenType.String || (path.Count == 1 && reader.TokenType == JsonTokenType.Null)))
                    {
                        places.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                        atTop |= path.Count == 1;
                    }

                    key = null;
                    break;
            }
        }

        return places;
    }
}
