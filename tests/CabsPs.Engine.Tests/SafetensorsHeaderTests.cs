using System.Buffers.Binary;
using System.Text;
using CabsPs.Engine.Checkpoints;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Headers that are cut, lie or are no headers: each one line that names the file. Headers that are merely unusual are
/// read.</summary>
public sealed class SafetensorsHeaderTests
{
    private const string Good = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    public static TheoryData<string, int, CabsError, string> Wrong { get; } = new()
    {
        // lengths
        { Good, 7, CabsError.FileTruncated, "tensor 'w' ends at byte 70 but the file has only 69; download or write it again" },
        { Good, 9, CabsError.CheckpointInvalid, "1 bytes after its last tensor belong to no tensor" },
        { "{}", 3, CabsError.CheckpointInvalid, "3 bytes after its last tensor belong to no tensor" },

        // ranges
        { Entry("F32", "[2]", "[0,4]"), 8, CabsError.CheckpointInvalid, "tensor 'w' spans bytes 0 to 4 but F32 [2] takes 8" },
        { Entry("F32", "[2]", "[8,0]"), 8, CabsError.CheckpointInvalid, "tensor 'w' spans bytes 8 to 0 but F32 [2] takes 8" },
        { Entry("F32", "[2]", "[8,16]"), 8, CabsError.FileTruncated, "tensor 'w' ends at byte" },
        { Entry("F32", "[2]", "[4,12]"), 12, CabsError.CheckpointInvalid, "4 bytes before tensor 'w' belong to no tensor" },
        { Entry("F32", "[2]", "[-8,0]"), 8, CabsError.CheckpointInvalid, "data_offsets of tensor 'w' holds something else than whole numbers from 0 to" },
        { Entry("F32", "[2]", "[0.5,8.5]"), 8, CabsError.CheckpointInvalid, "data_offsets of tensor 'w' holds something else" },
        { Entry("F32", "[2]", "[0,8,16]"), 8, CabsError.CheckpointInvalid, "data_offsets of tensor 'w' has 3 numbers instead of 2" },
        { Entry("F32", "[2]", "{}"), 8, CabsError.CheckpointInvalid, "data_offsets of tensor 'w' is not a list" },
        { Entry("U8", "[8]", "[9223372036854775800,9223372036854775808]"), 8, CabsError.CheckpointInvalid, "data_offsets of tensor 'w' holds something else" },
        { Entry("U8", "[7]", "[9223372036854775800,9223372036854775807]"), 8, CabsError.FileTruncated, "tensor 'w' ends at byte 9223372036854775904 but the file has only 105" },
        { """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, CabsError.CheckpointInvalid, "tensors 'a' and 'b' overlap" },
        { """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 4, CabsError.CheckpointInvalid, "overlap" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}""", 6, CabsError.CheckpointInvalid, "2 bytes before tensor 'b' belong to no tensor" },

        // shapes and types
        { Entry("F32", "[4611686018427387904,4]", "[0,8]"), 8, CabsError.CheckpointInvalid, "the shape [4611686018427387904, 4] of tensor 'w' is too large to exist" },
        { Entry("F64", "[2305843009213693952]", "[0,8]"), 8, CabsError.CheckpointInvalid, "is too large to exist" },
        { Entry("F32", "[-2]", "[0,8]"), 8, CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else than whole numbers from 0 to" },
        { Entry("F32", "[\"2\"]", "[0,8]"), 8, CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else" },
        { Entry("F31", "[2]", "[0,8]"), 8, CabsError.CheckpointInvalid, "tensor 'w' has the unknown element type 'F31'" },
        { Entry("f32", "[2]", "[0,8]"), 8, CabsError.CheckpointInvalid, "tensor 'w' has the unknown element type 'f32'" },
        { Entry("1", "[2]", "[0,8]"), 8, CabsError.CheckpointInvalid, "tensor 'w' has the unknown element type '1'" },
        { """{"w":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""", 8, CabsError.CheckpointInvalid, "dtype of tensor 'w' is not a text" },
        { Entry("F4", "[2]", "[0,1]"), 1, CabsError.CheckpointInvalid, "tensor 'w' is F4; types of less than a byte are not supported" },
        { Entry("F32", "[1e0]", "[0,4]"), 4, CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else" },
        { Entry("F32", "[-0]", "[0,0]"), 0, CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else" },
        { Entry("U8", "[0,18446744073709551616]", "[0,0]"), 0, CabsError.CheckpointInvalid, "whole numbers from 0 to 9223372036854775807" },
        { Entry("U8", "[" + string.Join(',', Enumerable.Repeat("1", 65)) + "]", "[0,1]"), 1, CabsError.CheckpointInvalid, "shape of tensor 'w' has more than 64 numbers" },
        { """{"w":{"dtype":"F32","shape":[2]}}""", 8, CabsError.CheckpointInvalid, "tensor 'w' lacks dtype, shape or data_offsets in the header" },
        { """{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, CabsError.CheckpointInvalid, "tensor 'w' has dtype twice in the header" },
        { """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8]}}""", 8, CabsError.CheckpointInvalid, "tensor 'w' has data_offsets twice in the header" },

        // JSON
        { """{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, CabsError.CheckpointInvalid, "tensor 'w' stands twice in the header" },
        { """{"w":5}""", 0, CabsError.CheckpointInvalid, "the header entry of tensor 'w' is not an object" },
        { "[]", 0, CabsError.CheckpointInvalid, "its header is not a JSON object" },
        { "", 0, CabsError.CheckpointInvalid, "its header is not valid JSON" },
        { "{", 0, CabsError.CheckpointInvalid, "its header is not valid JSON" },
        { "{} {}", 0, CabsError.CheckpointInvalid, "its header is not valid JSON" },
        { "hello", 0, CabsError.CheckpointInvalid, "its header is not valid JSON" },
        { """{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, CabsError.CheckpointInvalid, "its header is not valid JSON at byte" },
        { """{"__metadata__":{"a":{}}}""", 0, CabsError.CheckpointInvalid, "__metadata__ in the header holds something else than texts" },
        { """{"__metadata__":[]}""", 0, CabsError.CheckpointInvalid, "__metadata__ in the header holds something else than texts" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, CabsError.CheckpointInvalid, "'__metadata__' stands twice" },
        { """{"__metadata__":{"a":"\ud800"}}""", 0, CabsError.CheckpointInvalid, "an escape that stands for no character" },
        { """{"a\nb":{"dtype":"X","shape":[0],"data_offsets":[0,0]}}""", 0, CabsError.CheckpointInvalid, "tensor 'a\uFFFDb' has the unknown element type 'X'" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_header_is_told_with_its_file(string json, int dataBytes, CabsError error, string message)
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, Encoding.UTF8.GetBytes(json), null, dataBytes);
        CabsException failure = Fails(error, () => SafetensorsHeader.Read(file));
        Assert.StartsWith(file + ": ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal(file, failure.Target);
    }

    [Theory]
    [InlineData(0, CabsError.FileTruncated, "is empty, or a pipe or device and no file")]
    [InlineData(7, CabsError.FileTruncated, "ends after 7 bytes, inside its header")]
    [InlineData(8, CabsError.FileTruncated, "the header claims 54 bytes but the file has only 0 after its first 8")]
    [InlineData(40, CabsError.FileTruncated, "the header claims 54 bytes but the file has only 32 after its first 8")]
    public void A_file_cut_in_its_header_is_told(int length, CabsError error, string message)
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, Encoding.UTF8.GetBytes(Good), null, 8);
        using (FileStream stream = File.OpenWrite(file))
            stream.SetLength(length);
        Assert.Contains(message, Fails(error, () => SafetensorsHeader.Read(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    public void A_header_length_beyond_reason_is_refused_without_allocating_it(ulong length)
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, Encoding.UTF8.GetBytes(Good), length, 8);
        Assert.Contains($"its header claims {length} bytes", Fails(CabsError.CheckpointInvalid, () => SafetensorsHeader.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_not_utf8_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] json = Encoding.UTF8.GetBytes(Good);
        json[2] = 0xFF;
        Fails(CabsError.CheckpointInvalid, () => SafetensorsHeader.Read(Write(folder, json, null, 8)));
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_told()
    {
        using var folder = new TemporaryFolder();
        Fails(CabsError.CheckpointNotFound, () => SafetensorsHeader.Read(folder.Path("none.safetensors")));
        Fails(CabsError.ReadFailed, () => SafetensorsHeader.Read(folder.Path()));
    }

    [Fact]
    public void Unordered_unaligned_and_empty_tensors_are_read_in_the_order_of_their_data()
    {
        using var folder = new TemporaryFolder();
        string json = """
            {"__metadata__": {"format": "pt"}, "c": {"data_offsets": [1, 9], "shape": [1], "dtype": "F64"},
             "b": {"dtype": "F32", "shape": [0, 9223372036854775807], "data_offsets": [1, 1]}, "a": {"dtype": "BOOL", "shape": [], "data_offsets": [0, 1]} }
            """;
        IReadOnlyList<TensorInfo> tensors = SafetensorsHeader.Read(Write(folder, Encoding.UTF8.GetBytes(json), null, 9));
        int start = 8 + Encoding.UTF8.GetByteCount(json);
        Assert.Equal([("a", 1L, (long)start), ("b", 0L, start + 1L), ("c", 1L, start + 1L)], tensors.Select(t => (t.Name, t.Count, t.Offset)));
        Assert.Equal([DType.BOOL, DType.F32, DType.F64], tensors.Select(t => t.Type));
    }

    [Fact]
    public void A_file_without_tensors_is_read()
    {
        using var folder = new TemporaryFolder();
        Assert.Empty(SafetensorsHeader.Read(Write(folder, "{}      "u8.ToArray(), null, 0)));
    }

    private static string Entry(string type, string shape, string offsets) =>
        $"{{\"w\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}";

    private static string Write(TemporaryFolder folder, byte[] json, ulong? length, int dataBytes)
    {
        string file = folder.Path("model.safetensors");
        byte[] bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length ?? (ulong)json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
