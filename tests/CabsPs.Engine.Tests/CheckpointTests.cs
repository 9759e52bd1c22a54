using CabsPs.Engine.Checkpoints;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Folders, lone files and shard indexes.</summary>
public sealed class CheckpointTests
{
    private const string Index = "model.safetensors.index.json";

    [Fact]
    public void A_folder_is_opened_by_its_single_file()
    {
        using var bench = new Workbench();
        bench.Model("m", DType.BF16, ("layer.10", [2, 3], new float[6]), ("layer.2", [4], new float[4]));
        bench.Write("{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\"}", "m", "config.json");
        Checkpoint model = Checkpoint.Open(bench.Path("m") + "/");
        Assert.Equal(("m", 10L, 20L, DType.BF16), (model.Name, model.ParameterCount, model.ByteLength, model.MainType));
        Assert.Equal(["layer.2", "layer.10"], model.Tensors.Select(t => t.Name));
        Assert.Equal(("LlamaForCausalLM", "llama"), (model.Config!.Architecture, model.Config.ModelType));
    }

    [Fact]
    public void A_file_of_any_name_is_a_model_by_itself()
    {
        using var bench = new Workbench();
        TensorData.Write(bench.Path("m", "weights.safetensors"), DType.F32, ("w", [1], [1]));
        Checkpoint file = Checkpoint.Open(bench.Path("m", "weights.safetensors")), folder = Checkpoint.Open(bench.Path("m"));
        Assert.Equal(("weights", null), (file.Name, file.Folder));
        Assert.Equal(("m", bench.Path("m")), (folder.Name, folder.Folder));
    }

    [Fact]
    public void Shards_are_opened_by_their_index()
    {
        using var bench = new Workbench();
        Shards(bench, "{\"metadata\": {}, \"weight_map\": {\"b\": \"2.safetensors\", \"a\": \"1.safetensors\"}}");
        Checkpoint model = Checkpoint.Open(bench.Path("m"));
        Assert.Equal([("a", "1.safetensors"), ("b", "2.safetensors")], model.Tensors.Select(t => (t.Name, Path.GetFileName(t.File))));
    }

    [Theory]
    [InlineData("{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"2.safetensors\", \"c\": \"2.safetensors\"}}", CabsError.CheckpointInvalid, "says that tensor 'c' lies in 2.safetensors, which does not hold it")]
    [InlineData("{\"weight_map\": {\"a\": \"1.safetensors\"}}", null, "")]
    [InlineData("{\"weight_map\": {\"a\": \"2.safetensors\", \"b\": \"2.safetensors\"}}", CabsError.CheckpointInvalid, "says that tensor 'a' lies in 2.safetensors, which does not hold it")]
    [InlineData("{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"3.safetensors\"}}", CabsError.CheckpointNotFound, "3.safetensors: missing, but model.safetensors.index.json says that 'b' lies in it")]
    [InlineData("{\"weight_map\": {\"a\": \"../m/1.safetensors\"}}", CabsError.CheckpointInvalid, "weight_map names the file '../m/1.safetensors'; a shard must lie in the same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"/etc/passwd\"}}", CabsError.CheckpointInvalid, "a shard must lie in the same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"..\\\\x.safetensors\"}}", CabsError.CheckpointInvalid, "a shard must lie in the same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"..\"}}", CabsError.CheckpointInvalid, "a shard must lie in the same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"\"}}", CabsError.CheckpointInvalid, "a shard must lie in the same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"x\\u0000y\"}}", CabsError.CheckpointInvalid, "a shard must lie in the same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"1.safetensors\", \"a\": \"2.safetensors\"}}", CabsError.CheckpointInvalid, "lists tensor 'a' twice")]
    [InlineData("{\"weight_map\": {\"a\": 1}}", CabsError.CheckpointInvalid, "not a shard index")]
    [InlineData("{\"weight_map\": {\"a\": null}}", CabsError.CheckpointInvalid, "not a shard index")]
    [InlineData("{\"weight_map\": [\"a\"]}", CabsError.CheckpointInvalid, "not a shard index")]
    [InlineData("{\"metadata\": {}}", CabsError.CheckpointInvalid, "not a shard index")]
    [InlineData("[]", CabsError.CheckpointInvalid, "not a shard index")]
    [InlineData("{", CabsError.CheckpointInvalid, "not a shard index")]
    [InlineData("", CabsError.CheckpointInvalid, "not a shard index")]
    public void A_wrong_index_is_told_with_its_file(string index, CabsError? error, string message)
    {
        using var bench = new Workbench();
        Shards(bench, index);
        if (error is null)
        {
            Assert.Single(Checkpoint.Open(bench.Path("m")).Tensors);
            return;
        }

        CabsException failure = Fails(error.Value, () => Checkpoint.Open(bench.Path("m")));
        Assert.StartsWith(bench.Path("m"), failure.Message, StringComparison.Ordinal);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_in_two_shards_is_an_error()
    {
        using var bench = new Workbench();
        TensorData.Write(bench.Path("m", "1.safetensors"), DType.F32, ("a", [1], [1]));
        TensorData.Write(bench.Path("m", "2.safetensors"), DType.F32, ("a", [1], [2]), ("b", [1], [1]));
        bench.Write("{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"2.safetensors\"}}", "m", Index);
        CabsException failure = Fails(CabsError.CheckpointInvalid, () => Checkpoint.Open(bench.Path("m")));
        Assert.Equal($"{bench.Path("m", "2.safetensors")}: holds tensor 'a', which {Index} does not list there", failure.Message);
    }

    [Fact]
    public void What_is_no_model_is_told()
    {
        using var bench = new Workbench();
        bench.Write("x", "empty", "readme.txt");
        bench.Write("x", "torch", "pytorch_model.bin");
        TensorData.Write(bench.Path("two", "x.safetensors"), DType.F32, ("a", [1], [1]));
        TensorData.Write(bench.Path("two", "y.safetensors"), DType.F32, ("a", [1], [1]));
        TensorData.Write(bench.Path("lora", "adapter_model.safetensors"), DType.F32, ("a", [1], [1]));
        bench.Write("{}", "lora", "adapter_config.json");
        foreach ((string path, string message) in (ReadOnlySpan<(string, string)>)[
            ("none", "no such folder or file"), ("empty/readme.txt", "not a .safetensors file"), ("empty", "holds neither model.safetensors nor"),
            ("torch", "its weights are PyTorch .bin files"), ("two", "holds neither model.safetensors nor"), ("lora", "is an adapter, not a model"), ("a\0b", "is not a path")])
        {
            Assert.Contains(message, Fails(CabsError.CheckpointNotFound, () => Checkpoint.Open(bench.Path(path))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("F32:3,F16:3,I64:99", DType.F32)]
    [InlineData("BF16:5,F32:3", DType.BF16)]
    [InlineData("F64:1,F32:1", DType.F64)]
    [InlineData("I64:5,BOOL:1", null)]
    public void The_main_type_is_that_of_most_floating_weights(string counts, DType? expected) => Assert.Equal(expected, Checkpoint.DominantType(
        counts.Split(',').Select(c => (Enum.Parse<DType>(c.Split(':')[0]), long.Parse(c.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)))));

    private static void Shards(Workbench bench, string index)
    {
        TensorData.Write(bench.Path("m", "1.safetensors"), DType.F32, ("a", [1], [1]));
        TensorData.Write(bench.Path("m", "2.safetensors"), DType.F32, ("b", [1], [1]));
        bench.Write(index, "m", Index);
    }
}
