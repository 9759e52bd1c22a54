using System.Text;
using CabsPs.Engine.Checkpoints;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>config.json keeps its text; only the type changes.</summary>
public sealed class ModelConfigTests
{
    [Theory]
    [InlineData("""{ "a" : 1,  "torch_dtype": "float32" }""", """{ "a" : 1,  "torch_dtype": "bfloat16" }""")]
    [InlineData("""{"dtype":"float16","z":"\u00e9é"}""", """{"dtype":"bfloat16","z":"\u00e9é"}""")]
    [InlineData("""{"dtype":"float16","torch_dtype":"float16"}""", """{"dtype":"bfloat16","torch_dtype":"bfloat16"}""")]
    [InlineData("""{"torch_dtype":null}""", """{"torch_dtype":"bfloat16"}""")]
    [InlineData("""{"torch_dtype":"bfloat16"}""", """{"torch_dtype":"bfloat16"}""")]
    [InlineData("""{"dtype":"x","text_config":{"dtype":"float32","n":1},"vision_config":{"torch_dtype":"float32"}}""", """{"dtype":"bfloat16","text_config":{"dtype":"bfloat16","n":1},"vision_config":{"torch_dtype":"bfloat16"}}""")]
    [InlineData("""{"dtype":"x","text_config":{"dtype":null}}""", """{"dtype":"bfloat16","text_config":{"dtype":null}}""")]
    [InlineData("""{"dtype":"x","quantization_config":{"dtype":"int8"},"other":{"dtype":"int8"},"list":["dtype","x",{"dtype":"y"}]}""", """{"dtype":"bfloat16","quantization_config":{"dtype":"int8"},"other":{"dtype":"int8"},"list":["dtype","x",{"dtype":"y"}]}""")]
    [InlineData("""{"a":1}""", "{\n  \"torch_dtype\": \"bfloat16\",\"a\":1}")]
    [InlineData("{}", "{\n  \"torch_dtype\": \"bfloat16\"\n}")]
    [InlineData("""{"architectures":["dtype"],"text":"dtype","dtype":"x"}""", """{"architectures":["dtype"],"text":"dtype","dtype":"bfloat16"}""")]
    public void Only_the_type_changes(string before, string after)
    {
        using var bench = new Workbench();
        ModelConfig config = ModelConfig.Read(bench.Write(before, "config.json"))!;
        Assert.Equal(after, Encoding.UTF8.GetString(new ConfigEditor(config, []).Edit(DType.BF16, [], null)));
    }

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"tie_word_embeddings": true}""", true)]
    [InlineData("""{"tie_word_embeddings": false}""", false)]
    [InlineData("""{"tie_word_embeddings": "yes"}""", null)]
    public void Tied_embeddings_are_known_only_where_said(string text, bool? tied)
    {
        using var bench = new Workbench();
        Assert.Equal(tied, ModelConfig.Read(bench.Write(text, "config.json"))!.TieWordEmbeddings);
    }

    [Theory]
    [InlineData("", "not valid JSON at line 1, byte 1")]
    [InlineData("{\n\"a\": }", "not valid JSON at line 2, byte 6")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"\ud800": 1}""", "holds text that is not valid UTF-8")]
    [InlineData("""{"model_type": "\ud800"}""", "holds text that is not valid UTF-8")]
    public void What_is_no_config_is_told_with_its_file(string text, string message)
    {
        using var bench = new Workbench();
        string file = bench.Write(text, "config.json");
        Assert.Equal($"{file}: {message}", Fails(CabsError.ConfigInvalid, () => ModelConfig.Read(file)).Message);
    }

    [Fact]
    public void There_need_not_be_one()
    {
        using var bench = new Workbench();
        Assert.Null(ModelConfig.Read(bench.Path("config.json")));
    }
}
