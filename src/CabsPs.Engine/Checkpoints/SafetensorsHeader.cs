using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Reads and checks the header of a safetensors file: eight bytes of length, then JSON that gives every tensor's
/// type, shape and place. The data is not touched, and the JSON is read piece by piece: memory follows the number of tensors, not what
/// a header claims.</summary>
/// <remarks>The format is described at https://huggingface.co/docs/safetensors. What its own reader takes is taken (tensors in any
/// order, unaligned data, unknown entries of a tensor) and what that refuses is refused; besides, a name that stands twice (there the
/// last one counts), types of less than a byte, and names, dimensions and numbers of tensors that no model has.</remarks>
public static class SafetensorsHeader
{
    /// <summary>The longest header read, as in the format's own reader.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    /// <summary>The most tensors in one file. The largest models have some hundred thousand, spread over a hundred files.</summary>
    public const int MaxTensors = 250_000;

    private const int MaxDimensions = 64;
    private const int LongestName = 4096;
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 64 };
    private static readonly (byte[] Name, DType Type)[] s_types = [.. Enum.GetValues<DType>().Select(t => (Encoding.ASCII.GetBytes(t.ToString()), t))];
    private static readonly string[] s_subByteTypes = ["F4", "F6_E2M3", "F6_E3M2"];

    /// <summary>Reads the header of one file.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <returns>The tensors in the order of their data.</returns>
    /// <exception cref="CabsException">The file is missing, too short or contradicts itself.</exception>
    public static IReadOnlyList<TensorInfo> Read(string path) => Read(path, null);

    /// <summary>The texts that a file's header carries besides its tensors; none where it has none or is no right header.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <exception cref="CabsException">The file is missing or cannot be read.</exception>
    internal static IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            Read(path, metadata);
        }
        catch (CabsException e) when (e.Error is CabsError.CheckpointInvalid or CabsError.FileTruncated)
        {
            // reading the tensors says what is wrong
            metadata.Clear();
        }

        return metadata;
    }

    private static IReadOnlyList<TensorInfo> Read(string path, Dictionary<string, string>? metadata)
    {
        using SafeFileHandle handle = InputFile.Open(path, out FileStamp stamp);
        Span<byte> prefix = stackalloc byte[8];
        if (InputFile.ReadAt(handle, prefix, 0, path) < 8)
            throw new CabsException(CabsError.FileTruncated, $"{path}: ends after {stamp.Length} bytes, inside its header; download or write it again", path);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > MaxHeaderBytes)
            throw Invalid(path, $"its header claims {headerLength} bytes; more than {MaxHeaderBytes} is not a safetensors file");
        if ((long)headerLength > stamp.Length - 8)
            throw new CabsException(CabsError.FileTruncated, $"{path}: the header claims {headerLength} bytes but the file has only {stamp.Length - 8} after its first 8; download or write it again", path);
        long end = 8 + (long)headerLength, at = 8;
        var tokens = new JsonTokens(
            buffer =>
            {
                int read = InputFile.ReadAt(handle, buffer[..(int)Math.Min(buffer.Length, end - at)], at, path);
                at += read;
                return read;
            },
            s_options);
        try
        {
            return Parse(ref tokens, path, end, stamp, metadata);
        }
        catch (JsonException e)
        {
            throw new CabsException(CabsError.CheckpointInvalid, $"{path}: its header is not valid JSON at byte {8 + tokens.Position}: {Reason(e)}", path, e);
        }
        finally
        {
            tokens.Dispose();
        }
    }

    private static CabsException Invalid(string path, string reason) =>
        new(CabsError.CheckpointInvalid, $"{path}: {reason}", path);

    private static IReadOnlyList<TensorInfo> Parse(ref JsonTokens tokens, string path, long dataStart, FileStamp stamp, Dictionary<string, string>? metadata)
    {
        var tensors = new List<TensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (tokens.Next() != JsonTokenType.StartObject)
            throw Invalid(path, "its header is not a JSON object");
        while (tokens.Next() == JsonTokenType.PropertyName)
        {
            string name = tokens.Text();
            if (name.Length > LongestName)
                throw Invalid(path, $"tensor {Quote(name)} has a name of {name.Length} characters; more than {LongestName} are no name");
            if (!names.Add(name))
                throw Invalid(path, $"tensor {Quote(name)} stands twice in the header");
            if (name == "__metadata__")
                ReadMetadata(ref tokens, path, metadata);
            else if (tensors.Count == MaxTensors)
                throw Invalid(path, $"its header lists more than {MaxTensors} tensors, which no model has in one file");
            else
                tensors.Add(ParseTensor(ref tokens, name, path, dataStart, stamp));
        }

        if (tokens.Read())
            throw Invalid(path, "its header is not one JSON object");
        tensors.Sort(static (a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.ByteLength.CompareTo(b.ByteLength));
        CheckLayout(tensors, path, dataStart, stamp.Length);
        return tensors;
    }

    // texts under keys, and nothing else
    private static void ReadMetadata(ref JsonTokens tokens, string path, Dictionary<string, string>? metadata)
    {
        if (tokens.Next() == JsonTokenType.Null)
            return;
        bool good = tokens.Type == JsonTokenType.StartObject;
        while (good && tokens.Next() == JsonTokenType.PropertyName)
        {
            string key = metadata is null ? string.Empty : tokens.Text();
            good = tokens.Next() == JsonTokenType.String;
            if (good && metadata is not null)
                metadata[key] = tokens.Text();
        }

        if (!good)
            throw Invalid(path, "__metadata__ in the header holds something else than texts");
    }

    private static TensorInfo ParseTensor(ref JsonTokens tokens, string name, string path, long dataStart, FileStamp stamp)
    {
        Span<long> numbers = stackalloc long[MaxDimensions];
        DType? known = null;
        long[]? shape = null;
        (long Begin, long End)? range = null;
        if (tokens.Next() != JsonTokenType.StartObject)
            throw Invalid(path, $"the header entry of tensor {Quote(name)} is not an object");
        while (tokens.Next() == JsonTokenType.PropertyName)
        {
            if (tokens.Is("dtype"u8))
            {
                CheckFirst(known is null, name, "dtype", path);
                known = ReadType(ref tokens, name, path);
            }
            else if (tokens.Is("shape"u8))
            {
                CheckFirst(shape is null, name, "shape", path);
                shape = numbers[..ReadIntegers(ref tokens, name, "shape", path, numbers)].ToArray();
            }
            else if (tokens.Is("data_offsets"u8))
            {
                CheckFirst(range is null, name, "data_offsets", path);
                int offsets = ReadIntegers(ref tokens, name, "data_offsets", path, numbers);
                range = offsets == 2 ? (numbers[0], numbers[1]) : throw Invalid(path, $"data_offsets of tensor {Quote(name)} has {offsets} numbers instead of 2");
            }
            else
            {
                tokens.Skip();
            }
        }

        if (known is not { } type || shape is null || range is not (long begin, long end))
            throw Invalid(path, $"tensor {Quote(name)} lacks dtype, shape or data_offsets in the header");
        long count = 1, size;
        try
        {
            foreach (long dimension in shape)
                count = checked(count * dimension);
            size = checked(count * type.Size());
        }
        catch (OverflowException)
        {
            throw Invalid(path, $"the shape [{string.Join(", ", shape)}] of tensor {Quote(name)} is too large to exist");
        }

        if (end < begin || end - begin != size)
            throw Invalid(path, $"tensor {Quote(name)} spans bytes {begin} to {end} but {type} [{string.Join(", ", shape)}] takes {size}");
        if (end > stamp.Length - dataStart)
            throw new CabsException(CabsError.FileTruncated, $"{path}: tensor {Quote(name)} ends at byte {dataStart + (decimal)end} but the file has only {stamp.Length}; download or write it again", path);
        return new TensorInfo(name, type, shape, count, path, dataStart + begin) { Stamp = stamp };
    }

    private static void CheckFirst(bool first, string name, string key, string path)
    {
        if (!first)
            throw Invalid(path, $"tensor {Quote(name)} has {key} twice in the header");
    }

    private static DType ReadType(ref JsonTokens tokens, string name, string path)
    {
        if (tokens.Next() != JsonTokenType.String)
            throw Invalid(path, $"dtype of tensor {Quote(name)} is not a text");
        foreach ((byte[] known, DType type) in s_types)
        {
            if (tokens.Is(known))
                return type;
        }

        string text = tokens.Text();
        throw Invalid(path, s_subByteTypes.Contains(text) ? $"tensor {Quote(name)} is {text}; types of less than a byte are not supported" : $"tensor {Quote(name)} has the unknown element type {Quote(text)}");
    }

    private static int ReadIntegers(ref JsonTokens tokens, string name, string key, string path, scoped Span<long> values)
    {
        int count = 0;
        if (tokens.Next() != JsonTokenType.StartArray)
            throw Invalid(path, $"{key} of tensor {Quote(name)} is not a list");
        while (tokens.Next() != JsonTokenType.EndArray)
        {
            if (!tokens.TryInt64(out long value) || tokens.Bytes[0] == '-')
                throw Invalid(path, $"{key} of tensor {Quote(name)} holds something else than whole numbers from 0 to {long.MaxValue}");
            if (count == values.Length)
                throw Invalid(path, $"{key} of tensor {Quote(name)} has more than {values.Length} numbers");
            values[count++] = value;
        }

        return count;
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

    // without .NET's count of lines and bytes, which begins at a piece of the text
    private static string Reason(JsonException e) => e.Message.AsSpan().IndexOf(" LineNumber:") is >= 0 and int at ? e.Message[..at] : e.Message;
}
