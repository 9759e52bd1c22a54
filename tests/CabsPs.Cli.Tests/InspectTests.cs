using System.Text.Json;

namespace CabsPs.Cli.Tests;

public sealed class InspectTests
{
    [Fact]
    public void Sharded_model_lists_its_files_and_folds_its_layers()
    {
        string output = Cabs.Run("inspect", Models.Golden("code")).Expect(0).Out;
        Assert.Contains("LlamaForCausalLM", output);
        Assert.Contains("model-00003-of-00003.safetensors", output);
        Assert.Contains("model.layers.{0-1}.self_attn.q_proj.weight", output);
        Assert.Contains("57360", output);
    }

    [Fact]
    public void Every_tensor_on_request()
    {
        string[] lines = Cabs.Run("inspect", Models.Golden("code"), "--tensors").Expect(0).Out.Split('\n');
        Assert.Equal(21, lines.Count(l => l.Contains(".weight ")));
        Assert.Contains(lines, l => l.StartsWith("model.layers.1.mlp.up_proj.weight ") && l.Contains("[112, 48]") && l.Contains("of-00003"));
    }

    [Fact]
    public void Json_of_a_sharded_model()
    {
        using JsonDocument document = JsonDocument.Parse(Cabs.Run("inspect", Models.Golden("code"), "--json").Expect(0).Out);
        JsonElement root = document.RootElement;
        Assert.Equal("LlamaForCausalLM", root.GetProperty("architecture").GetString());
        Assert.Equal(57360, root.GetProperty("parameters").GetInt64());
        Assert.Equal(3, root.GetProperty("files").GetArrayLength());
        Assert.Equal(21, root.GetProperty("tensors").GetArrayLength());
        Assert.Equal(57360, root.GetProperty("types").GetProperty("F32").GetInt64());
    }

    [Fact]
    public void Single_file_of_any_name()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Path("weights.safetensors");
        File.Copy(Path.Combine(Models.Golden("base-bf16"), "model.safetensors"), file);
        string output = Cabs.Run("inspect", file).Expect(0).Out;
        Assert.Contains("BF16 100 %", output);
        Assert.Contains("weights.safetensors", output);
        Assert.Contains("unknown", output);
    }

    [Fact]
    public void Digits()
    {
        using JsonDocument document = JsonDocument.Parse(Cabs.Run("inspect", Path.Combine(Models.Digits, "upright"), "--json").Expect(0).Out);
        Assert.Equal("F16", document.RootElement.GetProperty("dtype").GetString());
        Assert.Contains("classifier.weight", document.RootElement.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
    }

    [Fact]
    public void Names_from_files_cannot_send_escapes_to_the_terminal()
    {
        using var folder = new TemporaryFolder();
        TensorData.Write(folder.Path("model.safetensors"), Engine.Checkpoints.DType.F32, ("evil\x1b[2J\nname", [1], [1f]));
        string output = Cabs.Run("inspect", folder.Path()).Expect(0).Out;
        Assert.DoesNotContain('\x1b', output);
        Assert.Contains("evil?[2J name", output);
    }
}
