using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>What a merge has finished: a line for every tensor that is written whole, appended when its last byte has been handed to the
/// system. A line begins with its own hash, so that one torn by a loss of power is seen; a merge that goes on reads every
/// tensor back and believes its hash alone.</summary>
internal sealed class MergeJournal : IDisposable
{
    private const int HashLength = 16;
    private const int MaxBytes = 1 << 30;
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };
    private readonly FileStream _file;
    private readonly Lock _lock = new();

    private MergeJournal(FileStream file) => _file = file;

    /// <summary>Begins a journal.</summary>
    public static MergeJournal Create(string path, PlanIdentity identity)
    {
        var journal = new MergeJournal(Open(path, FileMode.Create, path));
        journal.Append(path, identity.ToJson());
        return journal;
    }

    /// <summary>Goes on with a journal behind its last good line.</summary>
    public static MergeJournal Continue(string path, long end)
    {
        FileStream file = Open(path, FileMode.Open, path);
        file.SetLength(end);
        file.Position = end;
        return new MergeJournal(file);
    }

    /// <summary>Notes a finished tensor.</summary>
    /// <exception cref="CabsException">The disk is full or failed.</exception>
    public void Add(string tensor, TensorRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("tensor", tensor);
            json.WriteString("output", record.Output.ToString());
            json.WriteStartArray("inputs");
            foreach (Digest input in record.Inputs)
                json.WriteStringValue(input.ToString());
            json.WriteEndArray();
            json.WriteStartArray("vectors");
            foreach (VectorFigures v in record.Figures.Vectors)
                Numbers(json, v.Input, v.Total, v.Kept, Bits(v.Energy), Bits(v.EnergyKept), Bits(v.Weight), v.Masked ? 1 : 0);
            json.WriteEndArray();
            json.WriteStartArray("pairs");
            foreach (PairFigures p in record.Figures.Pairs)
                Numbers(json, p.A, p.B, p.Shared, p.KeptA, p.KeptB);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        Append(_file.Name, buffer.WrittenSpan);
    }

    /// <summary>Flushes it to the disk.</summary>
    /// <exception cref="CabsException">The disk failed.</exception>
    public void Flush()
    {
        try
        {
            _file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(_file.Name, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads what a journal says; null where there is none, or its first line is torn. A line that no merge writes ends it as a torn one
    /// does, whatever hash it has.</summary>
    /// <exception cref="CabsException">It is too large for a journal, or cannot be read.</exception>
    public static JournalContent? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        byte[] bytes = InputFile.ReadAll(path, MaxBytes, CabsError.ResumeMismatch);
        JsonElement? identity = null;
        var records = new Dictionary<string, TensorRecord>(StringComparer.Ordinal);
        int end = 0;
        try
        {
            while (bytes.AsSpan(end).IndexOf((byte)'\n') is >= 0 and int length && Parse(bytes.AsMemory(end, length)) is { } line)
            {
                if (identity is null)
                    identity = line;
                else
                    records[TextOf(line.GetProperty("tensor"))] = ReadRecord(line);
                end += length + 1;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            // what stands before it is good
        }

        return identity is { } known ? new JournalContent(known, records, end) : null;
    }

    private static FileStream Open(string path, FileMode mode, string name)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(name, e);
        }
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> line)
    {
        if (line.Length <= HashLength || !line.Span[..HashLength].SequenceEqual(HashOf(line.Span[HashLength..])))
            return null;
        using JsonDocument document = JsonDocument.Parse(line[HashLength..], s_strict);
        return document.RootElement.Clone();
    }

    private static TensorRecord ReadRecord(JsonElement line) => new(
        DigestOf(line.GetProperty("output")),
        [.. line.GetProperty("inputs").EnumerateArray().Select(DigestOf)],
        new TensorFigures(
            [.. line.GetProperty("vectors").EnumerateArray().Select(v => Longs(v, 7)).Select(v => new VectorFigures(checked((int)v[0]), v[1], v[2], Number(v[3]), Number(v[4]), Number(v[5]), v[6] == 1))],
            [.. line.GetProperty("pairs").EnumerateArray().Select(p => Longs(p, 5)).Select(p => new PairFigures(checked((int)p[0]), checked((int)p[1]), p[2], p[3], p[4]))]));

    private static Digest DigestOf(JsonElement text) => Digest.TryParse(TextOf(text), out Digest digest) ? digest : throw new FormatException("no hash");

    private static string TextOf(JsonElement text) => text.GetString() ?? throw new FormatException("no text");

    private static long[] Longs(JsonElement list, int count) =>
        list.GetArrayLength() == count ? [.. list.EnumerateArray().Select(n => n.GetInt64())] : throw new FormatException("too few numbers, or too many");

    private static byte[] HashOf(ReadOnlySpan<byte> text) => Encoding.ASCII.GetBytes(XxHash3.HashToUInt64(text).ToString("x16", CultureInfo.InvariantCulture));

    // numbers as bits: they come back exactly, infinity too
    private static long Bits(double number) => BitConverter.DoubleToInt64Bits(number);

    private static double Number(long bits) => BitConverter.Int64BitsToDouble(bits);

    private static void Numbers(Utf8JsonWriter json, params ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray();
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private void Append(string path, ReadOnlySpan<byte> json)
    {
        byte[] line = [.. HashOf(json), .. json, (byte)'\n'];
        try
        {
            lock (_lock)
                _file.Write(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(path, e);
        }
    }
}

/// <summary>What a journal says.</summary>
/// <param name="Identity">The merge it belongs to, see <see cref="PlanIdentity"/>.</param>
/// <param name="Records">Per tensor what was noted.</param>
/// <param name="End">Where its last good line ends.</param>
internal sealed record JournalContent(JsonElement Identity, IReadOnlyDictionary<string, TensorRecord> Records, long End);
