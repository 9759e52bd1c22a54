using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Integrity;

/// <summary>cabs.json, model card and hashes of a result.</summary>
public sealed class ManifestTests : IDisposable
{
    private static readonly string s_recipe = Cabs("weight: 0.5, n: 3, m: 10", "a", "b");
    private readonly Workbench _bench = new();

    public ManifestTests()
    {
        foreach ((string name, int seed) in new[] { ("base", 1), ("a", 2), ("b", 3) })
        {
            var random = new Random(seed);
            float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
            _bench.Raw(name, ("empty", DType.F32, [0], []), ("ids", DType.I64, [2], new byte[16]), ("large", DType.F32, [700, 500], Bytes(Values(350_000))), ("small", DType.F32, [7], Bytes(Values(7))));
        }
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Hashes_are_those_of_the_tensors_bytes_as_they_lie_in_the_files()
    {
        MergeResult result = _bench.Run(s_recipe, new MergeOptions { Threads = 3, PieceBytes = 8192 });
        JsonElement root = Manifest(result);
        string[] files = [.. root.GetProperty("inputs").EnumerateArray().Select(i => i.GetProperty("path").GetString()!)];
        Assert.Equal(["base", "a", "b"], files.Select(f => Path.GetFileName(Path.GetDirectoryName(f))));
        foreach (JsonElement tensor in root.GetProperty("tensors").EnumerateArray())
        {
            Assert.Equal(Xxh128(result.Path, tensor.GetProperty("name").GetString()!), tensor.GetProperty("xxh128").GetString());
            foreach (JsonElement input in tensor.GetProperty("inputs").EnumerateArray())
                Assert.Equal(Xxh128(files[input.GetProperty("file").GetInt32()], input.GetProperty("name").GetString()!), input.GetProperty("xxh128").GetString());
        }

        Assert.Equal(["merge", "copyIfEqual", "merge", "merge"], root.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("action").GetString()));
        Assert.All(root.GetProperty("tensors").EnumerateArray(), t => Assert.Equal(3, t.GetProperty("inputs").GetArrayLength()));
    }

    [Fact]
    public void Sizes_and_header_hashes_of_inputs_and_outputs_are_those_of_the_files()
    {
        MergeResult result = _bench.Run(s_recipe, new MergeOptions { ShardBytes = 1000, Sha256 = true });
        JsonElement root = Manifest(result);
        foreach (JsonElement file in root.GetProperty("inputs").EnumerateArray())
            Check(file.GetProperty("path").GetString()!, file);
        foreach (JsonElement file in root.GetProperty("weights").EnumerateArray())
        {
            string path = Path.Combine(result.Path, file.GetProperty("name").GetString()!);
            Check(path, file);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), file.GetProperty("sha256").GetString());
            Assert.Equal(file.GetProperty("sha256").GetString(), result.Files.Single(f => f.Path == path).Sha256);
        }

        foreach (JsonElement file in root.GetProperty("files").EnumerateArray())
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(result.Path, file.GetProperty("name").GetString()!));
            Assert.Equal((bytes.Length, Xxh128(bytes)), (file.GetProperty("bytes").GetInt32(), file.GetProperty("xxh128").GetString()));
        }

        static void Check(string path, JsonElement file)
        {
            byte[] bytes = File.ReadAllBytes(path);
            Assert.Equal(bytes.Length, file.GetProperty("bytes").GetInt64());
            Assert.Equal(Xxh128(bytes[..(8 + (int)BitConverter.ToInt64(bytes))]), file.GetProperty("header").GetString());
        }
    }

    [Fact]
    public void The_same_merge_writes_the_same_files_whatever_its_threads_pieces_and_destination()
    {
        MergeResult one = _bench.Run(s_recipe, new MergeOptions { Threads = 1 }), many = _bench.Run(s_recipe, new MergeOptions { Threads = 7, PieceBytes = 4096 });
        Assert.Equal(one.Files.Select(f => (Path.GetFileName(f.Path), f.ByteLength, f.Hash)), many.Files.Select(f => (Path.GetFileName(f.Path), f.ByteLength, f.Hash)));
        foreach ((ResultFile a, ResultFile b) in one.Files.Zip(many.Files))
            Assert.True(File.ReadAllBytes(a.Path).AsSpan().SequenceEqual(File.ReadAllBytes(b.Path)), a.Path);
    }

    [Fact]
    public void A_file_has_another_hash_when_a_weight_differs()
    {
        string Hash(string recipe) => _bench.Run(recipe).Files.Single(f => f.Path.EndsWith(".safetensors", StringComparison.Ordinal)).Hash;
        Assert.NotEqual(Hash(s_recipe), Hash(Cabs("weight: 0.4, n: 3, m: 10", "a", "b")));
    }

    [Fact]
    public void The_model_card_names_models_method_and_recipe_and_the_recipe_lies_beside_it()
    {
        _bench.Write("{}", "base", "config.json");
        MergeResult result = _bench.Run(s_recipe, new MergeOptions { RecipeText = "merge_method: cabs # ```\n" });
        string card = File.ReadAllText(Path.Combine(result.Path, "README.md"));
        Assert.StartsWith("---\nbase_model:\n- \"base\"\n- \"a\"\n- \"b\"\nlibrary_name: transformers\ntags:\n- merge\n- cabs\n---\n# Merge of `a`, `b`\n", card);
        Assert.Contains("````yaml\nmerge_method: cabs # ```\n````\n", card, StringComparison.Ordinal);
        Assert.Equal("merge_method: cabs # ```\n", File.ReadAllText(Path.Combine(result.Path, "cabs_recipe.yml")));
        Assert.DoesNotContain("README.md", _bench.Run(s_recipe, new MergeOptions { WritesModelCard = false }).Files.Select(f => Path.GetFileName(f.Path)));
    }

    private static JsonElement Manifest(MergeResult result) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(result.Path, "cabs.json"))).RootElement;

    private static string Xxh128(string model, string tensor) => Xxh128(TensorData.Bytes(Checkpoint.Open(model).Find(tensor)!));

    private static string Xxh128(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));

    private static byte[] Bytes(float[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
