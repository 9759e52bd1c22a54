using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CabsPs.Engine.Search;

/// <summary>A search's log: JSON, a line per trial, on disk before the next trial begins. It is the search's memory: trials that stand in it are not judged
/// again. A last line that a crash has cut is dropped.</summary>
internal sealed class SearchLog : IDisposable
{
    private const int Version = 1;
    private readonly FileStream? _file;
    private readonly FileStream? _lock;
    private readonly string _path;
    private readonly Dictionary<string, (IReadOnlyList<TaskScore> Scores, TimeSpan Duration)> _known = new(StringComparer.Ordinal);

    private SearchLog(FileStream? file, FileStream? held, string path) => (_file, _lock, _path) = (file, held, path);

    /// <summary>Opens a log, or begins one; without a path the search forgets everything when it ends.</summary>
    /// <param name="path">The file, or null.</param>
    /// <param name="identity">What the trials are of: merge, weights' names, judge. A log of another search is refused.</param>
    /// <exception cref="CabsException">It cannot be used.</exception>
    public static SearchLog Open(string? path, IReadOnlyList<(string Name, string Value)> identity)
    {
        if (path is null)
            return new SearchLog(null, null, string.Empty);
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            // a file of its own, so that others may read the log while it is written
            var held = new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            var log = new SearchLog(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read), held, path);
            try
            {
                log.Read(identity);
                return log;
            }
            catch
            {
                log.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.SearchLogInvalid, $"{path}: cannot be used as a log: {e.Message}; another search may be writing it", path, e);
        }
    }

    /// <summary>The scores of a key (weights, or what else was judged); null where the log has none.</summary>
    public (IReadOnlyList<TaskScore> Scores, TimeSpan Duration)? Find(string key) => _known.TryGetValue(key, out var known) ? known : null;

    /// <summary>Adds scores; they are on disk when this returns.</summary>
    /// <param name="key">What was judged.</param>
    /// <param name="scores">The scores.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="more">Members for people and other programs.</param>
    /// <exception cref="CabsException">The log cannot be written.</exception>
    public void Add(string key, IReadOnlyList<TaskScore> scores, TimeSpan duration, Action<Utf8JsonWriter> more)
    {
        _known[key] = (scores, duration);
        Write(json =>
        {
            json.WriteString("key", key);
            more(json);
            json.WritePropertyName("scores");
            JudgeOutput.Write(json, scores);
            json.WriteNumber("seconds", Math.Round(duration.TotalSeconds, 3));
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _lock?.Dispose();
    }

    private void Read(IReadOnlyList<(string Name, string Value)> identity)
    {
        byte[] bytes = new byte[_file!.Length];
        _file.ReadExactly(bytes);
        int whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        string[] lines = Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < lines.Length; i++)
        {
            try
            {
                using JsonDocument line = JsonDocument.Parse(lines[i]);
                if (i == 0)
                    CheckIdentity(line.RootElement, identity);
                else
                    _known[line.RootElement.GetProperty("key").GetString()!] = (JudgeOutput.Read(line.RootElement.GetProperty("scores")), TimeSpan.FromSeconds(line.RootElement.GetProperty("seconds").GetDouble()));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or CabsException { Error: CabsError.JudgeFailed })
            {
                throw NoLine(i, e);
            }
        }

        // without a whole line it may be somebody's text, which is left alone
        if (lines.Length == 0 && !Begins(bytes.AsSpan(whole)))
            throw NoLine(0, null);
        // the end of a line that never was
        _file.SetLength(whole);
        _file.Position = whole;
        if (lines.Length > 0)
            return;
        Write(json =>
        {
            json.WriteNumber("cabsSearch", Version);
            foreach ((string name, string value) in identity)
                json.WriteString(name, value);
        });
    }

    // whether this is the beginning of a first line
    private static bool Begins(ReadOnlySpan<byte> torn)
    {
        ReadOnlySpan<byte> first = "{\"cabsSearch\":"u8;
        int length = Math.Min(torn.Length, first.Length);
        return torn[..length].SequenceEqual(first[..length]);
    }

    private CabsException NoLine(int index, Exception? cause) =>
        new(CabsError.SearchLogInvalid, $"{_path} line {index + 1}: is not a line of a search's log; give another file, or remove this one", _path, cause);

    private void CheckIdentity(JsonElement header, IReadOnlyList<(string Name, string Value)> identity)
    {
        if (header.GetProperty("cabsSearch").GetInt32() != Version)
            throw new CabsException(CabsError.SearchLogInvalid, $"{_path}: was written by another version of this program; give another file", _path);
        foreach ((string name, string value) in identity)
        {
            if (header.GetProperty(name).GetString() != value)
                throw new CabsException(CabsError.SearchLogInvalid, $"{_path}: holds a search with another {name}; its trials do not count for this one. Give another file, or remove this one", _path);
        }
    }

    private void Write(Action<Utf8JsonWriter> members)
    {
        if (_file is null)
            return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        try
        {
            _file.Write(buffer.WrittenSpan);
            _file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{_path}: cannot be written: {e.Message}", _path, e);
        }
    }
}
