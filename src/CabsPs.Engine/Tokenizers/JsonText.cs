using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CabsPs.Engine.Tokenizers;

/// <summary>A JSON file's text and the places in it that are to change. Everything else stays as it is, byte for byte: order of
/// keys, indentation, numbers as they were written.</summary>
internal sealed class JsonText
{
    private static readonly JsonReaderOptions s_options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private readonly byte[] _text;
    private readonly List<(int Start, int End, byte[] Text)> _edits = [];

    /// <summary>Wraps a text.</summary>
    /// <param name="text">The file's bytes; a byte order mark is dropped.</param>
    public JsonText(byte[] text) => _text = text.AsSpan().StartsWith("\uFEFF"u8) ? text[3..] : text;

    /// <summary>A string as JSON writes it, with its quotes.</summary>
    public static string Quote(string value) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)}\"";

    /// <summary>The value under a path of keys, or null where there is none.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public JsonPlace? Find(params ReadOnlySpan<string> path)
    {
        var reader = new Utf8JsonReader(_text, s_options);
        reader.Read();
        foreach (string key in path)
        {
            if (reader.TokenType != JsonTokenType.StartObject || !MoveTo(ref reader, key))
                return null;
        }

        int start = (int)reader.TokenStartIndex;
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return new JsonPlace(start, (int)reader.BytesConsumed, reader.TokenType, 0, null);
        JsonTokenType kind = reader.TokenType;
        int last = (int)reader.BytesConsumed;
        int? first = null;
        while (reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
        {
            first ??= (int)reader.TokenStartIndex;
            if (reader.TokenType == JsonTokenType.PropertyName)
                reader.Read();
            reader.Skip();
            last = (int)reader.BytesConsumed;
        }

        return new JsonPlace(start, (int)reader.BytesConsumed, kind, last, first);
    }

    /// <summary>The text of a value.</summary>
    public ReadOnlySpan<byte> Slice(JsonPlace place) => _text.AsSpan(place.Start, place.End - place.Start);

    /// <summary>Puts another value in a place.</summary>
    public void Replace(JsonPlace place, string json) => _edits.Add((place.Start, place.End, Encoding.UTF8.GetBytes(json)));

    /// <summary>Adds entries behind the last one of an object or list, indented as its first one.</summary>
    /// <param name="place">The object or list.</param>
    /// <param name="entries">Per entry its text.</param>
    /// <param name="depth">How deep the entries lie, to know the width of an indentation.</param>
    public void Append(JsonPlace place, IEnumerable<Func<JsonIndent, string>> entries, int depth)
    {
        string blank = place.First is { } first ? WhiteSpaceBefore(first) : string.Empty;
        int newLine = blank.LastIndexOf('\n');
        var indent = new JsonIndent(blank, newLine < 0 ? string.Empty : blank + new string(blank[^1], (blank.Length - newLine - 1) / depth));
        var text = new StringBuilder();
        foreach (Func<JsonIndent, string> entry in entries)
        {
            if (text.Length > 0 || place.First is not null)
                text.Append(newLine < 0 && blank.Length == 0 && place.First is null ? ", " : ",");
            text.Append(blank).Append(entry(indent));
        }

        _edits.Add((place.LastEnd, place.LastEnd, Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Sets a key of the top-level object to a value, adding it where there is none.</summary>
    public void Set(string key, string json)
    {
        if (Find(key) is { } place)
            Replace(place, json);
        else if (Find() is { Kind: JsonTokenType.StartObject } root)
            Append(root, [_ => $"{Quote(key)}: {json}"], 1);
        else
            throw new JsonException("not an object");
    }

    /// <summary>The text with all changes made.</summary>
    public byte[] ToArray()
    {
        using var output = new MemoryStream(_text.Length + _edits.Sum(e => e.Text.Length));
        int copied = 0;
        foreach ((int start, int end, byte[] text) in _edits.OrderBy(e => e.Start))
        {
            output.Write(_text, copied, start - copied);
            output.Write(text);
            copied = end;
        }

        output.Write(_text, copied, _text.Length - copied);
        return output.ToArray();
    }

    private static bool MoveTo(ref Utf8JsonReader reader, string key)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.ValueTextEquals(key);
            reader.Read();
            if (found)
                return true;
            reader.Skip();
        }

        return false;
    }

    private string WhiteSpaceBefore(int position)
    {
        int start = position;
        while (start > 0 && _text[start - 1] is ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            start--;
        return Encoding.UTF8.GetString(_text, start, position - start);
    }
}

/// <summary>Where a value stands in a JSON text.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="End">The byte behind it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="LastEnd">Of an object or list: the byte behind its last entry, or behind its opening bracket.</param>
/// <param name="First">Of an object or list that is not empty: its first entry's first byte.</param>
internal readonly record struct JsonPlace(int Start, int End, JsonTokenType Kind, int LastEnd, int? First);

/// <summary>White space, line end included, that begins the lines of an entry; empty where a text is one line.</summary>
/// <param name="Outer">Before its first and last line.</param>
/// <param name="Inner">Before the lines inside it.</param>
internal readonly record struct JsonIndent(string Outer, string Inner)
{
    /// <summary>None.</summary>
    public static JsonIndent None { get; } = new(string.Empty, string.Empty);
}
