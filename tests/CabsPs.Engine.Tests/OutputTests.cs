using System.Buffers.Binary;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>What a merged folder looks like to the programs that load it. Headers are read here without the product's reader.</summary>
public sealed class OutputTests
{
    private static readonly string s_recipe = Text("task_arithmetic", "weight: 1", "a");

    private static Workbench Models()
    {
        var bench = new Workbench();
        (string, long[], float[])[] tensors = [("model.layers.10.w", [2, 3], new float[6]), ("model.layers.2.w", [5], new float[5]), ("model.norm.weight", [3], new float[3])];
        bench.Model("base", DType.BF16, tensors);
        bench.Model("a", DType.BF16, tensors);
        return bench;
    }

    [Fact]
    public void Names_shapes_and_types_are_those_of_the_base_in_one_file()
    {
        using Workbench bench = Models();
        MergeResult result = bench.Run(s_recipe);
        Assert.Equal(["README.md", "cabs.json", "model.safetensors"], result.Files.Select(f => Path.GetFileName(f.Path)));
        JsonElement header = Header(result.Files[2].Path, out _);
        Assert.Equal("""{"format":"pt"}""", header.GetProperty("__metadata__").GetRawText());
        Assert.Equal("""{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}""", header.GetProperty("model.layers.10.w").GetRawText());
        Assert.Equal("""{"dtype":"BF16","shape":[5],"data_offsets":[12,22]}""", header.GetProperty("model.layers.2.w").GetRawText());
        Assert.Equal("""{"dtype":"BF16","shape":[3],"data_offsets":[22,28]}""", header.GetProperty("model.norm.weight").GetRawText());
    }

    [Fact]
    public void The_data_begins_at_a_multiple_of_8_and_every_tensor_at_one_of_its_element_size()
    {
        using var bench = new Workbench();
        (string, DType, long[], byte[])[] tensors = [("a", DType.BOOL, [3], new byte[3]), ("b", DType.F64, [1], new byte[8]), ("c", DType.BF16, [1], new byte[2]), ("d", DType.F32, [1], new byte[4]), ("é", DType.U8, [1], new byte[1])];
        bench.Raw("base", tensors);
        bench.Raw("a", tensors);
        string file = bench.Run(s_recipe).Files[2].Path;
        JsonElement header = Header(file, out long dataStart);
        Assert.Equal(0, dataStart % 8);
        Assert.Equal(dataStart + 18, new FileInfo(file).Length);
        foreach ((string name, DType type, _, _) in tensors)
            Assert.Equal(0, header.GetProperty(name).GetProperty("data_offsets")[0].GetInt64() % type.Size());
    }

    [Fact]
    public void Shards_are_named_and_indexed_as_transformers_does()
    {
        using Workbench bench = Models();
        MergeResult result = bench.Run(s_recipe, new MergeOptions { ShardBytes = 18 });
        Assert.Equal(["README.md", "cabs.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"], result.Files.Select(f => Path.GetFileName(f.Path)));
        Assert.Equal(
            """
            {
              "metadata": {
                "total_size": 28
              },
              "weight_map": {
                "model.layers.10.w": "model-00002-of-00002.safetensors",
                "model.layers.2.w": "model-00001-of-00002.safetensors",
                "model.norm.weight": "model-00002-of-00002.safetensors"
              }
            }

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(result.Files[4].Path));
    }

    [Fact]
    public void A_tensor_larger_than_a_shard_gets_a_shard_of_its_own()
    {
        using Workbench bench = Models();
        Checkpoint merged = bench.Merge(s_recipe, new MergeOptions { ShardBytes = 1 });
        Assert.Equal(3, merged.Files.Count);
        Assert.Equal(3, merged.Tensors.Count);
    }

    [Fact]
    public void A_shard_is_filled_to_its_last_byte()
    {
        using Workbench bench = Models();
        Assert.Single(bench.Merge(s_recipe, new MergeOptions { ShardBytes = 28 }).Files);
        Assert.Equal(2, bench.Merge(s_recipe, new MergeOptions { ShardBytes = 27 }).Files.Count);
    }

    [Fact]
    public void Small_files_of_the_base_are_copied_and_those_of_its_weights_are_not()
    {
        using Workbench bench = Models();
        string[] copied = ["LICENSE", "chat_template.jinja", "generation_config.json", "merges.txt", "modeling_own.py", "special_tokens_map.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json"];
        string[] left = [".gitattributes", "README.md", "cabs.json", "model.gguf", "optimizer.pt", "pytorch_model.bin", "pytorch_model.bin.index.json", "trainer_state.json"];
        foreach (string name in (string[])[.. copied, .. left])
            bench.Write("text of " + name, "base", name);
        bench.Write("x", "base", "onnx", "model.json");
        bench.Write("other", "a", "only_in_a.json");
        bench.Write("{\"dtype\": \"float32\", \"x\": 1}", "base", "config.json");
        MergeResult result = bench.Run(s_recipe);
        Assert.Equal(((string[])[.. copied, "README.md", "cabs.json", "config.json", "model.safetensors"]).Order(StringComparer.Ordinal), result.Files.Select(f => Path.GetFileName(f.Path)));
        foreach (string name in copied)
            Assert.Equal("text of " + name, File.ReadAllText(Path.Combine(result.Path, name)));
        Assert.Equal("{\"dtype\": \"bfloat16\", \"x\": 1}", File.ReadAllText(Path.Combine(result.Path, "config.json")));
        Assert.All(result.Files, f => Assert.Equal(new FileInfo(f.Path).Length, f.ByteLength));
    }

    [Fact]
    public void The_plan_knows_every_file_and_its_size()
    {
        using Workbench bench = Models();
        bench.Write("{}", "base", "config.json");
        bench.Write("[]", "base", "tokenizer.json");
        MergePlan plan = bench.Plan(s_recipe, new MergeOptions { ShardBytes = 18 });
        MergeResult result = new MergeRun(plan).Execute(bench.Path("out"));
        Assert.Equal(
            result.Files.Select(f => (Name: Path.GetFileName(f.Path), f.ByteLength)).Where(f => f.Name != "cabs.json"),
            plan.OutputFiles.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => (f.Name, f.ByteLength)).Where(f => f.Name != "cabs.json"));
        // whose size is an estimate, and rather too large than too small
        Assert.InRange(plan.OutputFiles.Single(f => f.Name == "cabs.json").ByteLength, new FileInfo(bench.Path("out", "cabs.json")).Length, 8000);
        Assert.Equal((plan.BytesToRead, plan.Layout.TensorBytes), (result.BytesRead, result.BytesWritten));
    }

    [Fact]
    public void A_lone_file_as_base_gives_weights_alone()
    {
        using Workbench bench = Models();
        bench.Write("[]", "base", "tokenizer.json");
        MergeResult result = bench.Run(s_recipe.Replace("base_model: base", "base_model: base/model.safetensors", StringComparison.Ordinal));
        Assert.Equal(["README.md", "cabs.json", "model.safetensors"], result.Files.Select(f => Path.GetFileName(f.Path)));
    }

    private static JsonElement Header(string file, out long dataStart)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        dataStart = 8 + length;
        return JsonDocument.Parse(bytes.AsMemory(8, length)).RootElement;
    }
}
