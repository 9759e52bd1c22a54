using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Reads and checks the header of a safetensors file: eight bytes of length, then JSON that gives every tensor's
/// type, shape and place. The data is not touched.</summary>
/// <remarks>The format is described at https://huggingface.co/docs/safetensors. Checked here: lengths, ranges, overlaps, holes
/// and that type times shape is the size stated.</remarks>
public static class SafetensorsHeader
{
    /// <summary>The longest header read, as in the format's own reader.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 8 };

    /// <summary>Reads the header of one file.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <returns>The tensors in the order of their data.</returns>
    /// <exception cref="CabsException">The file is missing, too short or contradicts itself.</exception>
    public static IReadOnlyList<TensorInfo> Read(string path)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path);
            long length = RandomAccess.GetLength(handle);
            byte[] prefix = ReadExactly(handle, 0, 8, length, path);
            ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerLength > MaxHeaderBytes)
                throw Invalid(path, $"its header claims {headerLength} bytes; more than {MaxHeaderBytes} is not a safetensors file");
            if ((long)headerLength > length - 8)
                throw new CabsException(CabsError.FileTruncated, $"{path}: the header claims {headerLength} bytes but the file has only {length - 8} after its first 8; download or write it again", path);
            byte[] json = ReadExactly(handle, 8, (int)headerLength, length, path);
            return Parse(json, path, 8 + (long)headerLength, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>The texts that a file's header carries besides its tensors; none where it has none or cannot be read as a header.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <exception cref="CabsException">The file is missing or too short.</exception>
    internal static IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path);
            long length = RandomAccess.GetLength(handle);
            if (length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(ReadExactly(handle, 0, 8, length, path)) is var size && (size > MaxHeaderBytes || (long)size > length - 8))
                return metadata;
            using JsonDocument document = JsonDocument.Parse(ReadExactly(handle, 8, (int)size, length, path), new JsonDocumentOptions { MaxDepth = s_options.MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("__metadata__", out JsonElement entries) && entries.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty entry in entries.EnumerateObject().Where(e => e.Value.ValueKind == JsonValueKind.String))
                    metadata[entry.Name] = entry.Value.GetString()!;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // reading the tensors says what is wrong
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }

        return metadata;
    }

    private static CabsException Failed(string path, Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException =>
            new CabsException(CabsError.CheckpointNotFound, $"{path}: no such file", path, cause),
        _ => new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {cause.Message}", path, cause),
    };

    private static CabsException Invalid(string path, string reason) =>
        new(CabsError.CheckpointInvalid, $"{path}: {reason}", path);

    private static byte[] ReadExactly(SafeFileHandle handle, long offset, int count, long fileLength, string path)
    {
        byte[] bytes = new byte[count];
        int done = 0;
        while (done < count)
        {
            int read = RandomAccess.Read(handle, bytes.AsSpan(done), offset + done);
            if (read == 0)
                throw new CabsException(CabsError.FileTruncated, $"{path}: ends after {fileLength} bytes, inside its header; download or write it again", path);
            done += read;
        }

        return bytes;
    }

    private static IReadOnlyList<TensorInfo> Parse(byte[] json, string path, long dataStart, long fileLength)
    {
        var tensors = new List<TensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(json, s_options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw Invalid(path, "its header is not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!names.Add(name))
                    throw Invalid(path, $"tensor {Quote(name)} stands twice in the header");
                if (name == "__metadata__")
                {
                    reader.Skip();
                    continue;
                }

                tensors.Add(ParseTensor(ref reader, name, path, dataStart, fileLength));
            }

            if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
                throw Invalid(path, "its header is not one JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            throw new CabsException(CabsError.CheckpointInvalid, $"{path}: its header is not valid JSON: {FirstLine(e.Message)}", path, e);
        }

        tensors.Sort(static (a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.ByteLength.CompareTo(b.ByteLength));
        CheckLayout(tensors, path, dataStart, fileLength);
        return tensors;
    }

    private static TensorInfo ParseTensor(ref Utf8JsonReader reader, string name, string path, long dataStart, long fileLength)
    {
        string? typeName = null;
        List<long>? shape = null;
        long begin = -1, end = -1;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw Invalid(path, $"the header entry of tensor {Quote(name)} is not an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                CheckFirst(typeName is null, name, "dtype", path);
                reader.Read();
                typeName = reader.GetString();
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                CheckFirst(shape is null, name, "shape", path);
                shape = ReadIntegers(ref reader, name, "shape", path);
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                CheckFirst(begin < 0, name, "data_offsets", path);
                List<long> offsets = ReadIntegers(ref reader, name, "data_offsets", path);
                if (offsets.Count != 2)
                    throw Invalid(path, $"data_offsets of tensor {Quote(name)} has {offsets.Count} numbers instead of 2");
                (begin, end) = (offsets[0], offsets[1]);
            }
            else
            {
                throw Invalid(path, $"tensor {Quote(name)} has an unknown header entry {Quote(reader.GetString()!)}");
            }
        }

        if (typeName is null || shape is null || begin < 0)
            throw Invalid(path, $"tensor {Quote(name)} lacks dtype, shape or data_offsets in the header");
        if (!Enum.TryParse(typeName, out DType type) || type.ToString() != typeName)
            throw Invalid(path, $"tensor {Quote(name)} has the unknown element type {Quote(typeName)}");

        long count = 1;
        try
        {
            foreach (long dimension in shape)
                count = checked(count * dimension);
            _ = checked(count * type.Size());
        }
        catch (OverflowException)
        {
            throw Invalid(path, $"the shape [{string.Join(", ", shape)}] of tensor {Quote(name)} is too large to exist");
        }

        long size = count * type.Size();
        if (end < begin || end - begin != size)
            throw Invalid(path, $"tensor {Quote(name)} spans bytes {begin} to {end} but {typeName} [{string.Join(", ", shape)}] takes {size}");
        if (end > fileLength - dataStart)
            throw new CabsException(CabsError.FileTruncated, $"{path}: tensor {Quote(name)} ends at byte {dataStart + (decimal)end} but the file has only {fileLength}; download or write it again", path);
        return new TensorInfo(name, type, shape, count, path, dataStart + begin);
    }

    private static void CheckFirst(bool first, string name, string key, string path)
    {
        if (!first)
            throw Invalid(path, $"tensor {Quote(name)} has {key} twice in the header");
    }

    private static List<long> ReadIntegers(ref Utf8JsonReader reader, string name, string key, string path)
    {
        var values = new List<long>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Invalid(path, $"{key} of tensor {Quote(name)} is not a list");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
                throw Invalid(path, $"{key} of tensor {Quote(name)} holds something else than whole numbers from 0 up");
            values.Add(value);
        }

        return values;
    }

    // The format allows no hole, no overlap and nothing after the last tensor; a file that has one was not written by its tools.
    private static void CheckLayout(List<TensorInfo> tensors, string path, long dataStart, long fileLength)
    {
        long at = dataStart;
        TensorInfo? previous = null;
        foreach (TensorInfo tensor in tensors)
        {
            if (tensor.Offset < at)
                throw Invalid(path, $"tensors {Quote(previous!.Name)} and {Quote(tensor.Name)} overlap");
            if (tensor.Offset > at)
                throw Invalid(path, $"{tensor.Offset - at} bytes before tensor {Quote(tensor.Name)} belong to no tensor");
            at = tensor.Offset + tensor.ByteLength;
            previous = tensor;
        }

        if (at != fileLength)
            throw Invalid(path, $"{fileLength - at} bytes after its last tensor belong to no tensor");
    }

    private static string Quote(string text) => Text.Quote(text);

    private static string FirstLine(string message) => message.AsSpan().IndexOfAny('\r', '\n') is >= 0 and int at ? message[..at] : message;
}
