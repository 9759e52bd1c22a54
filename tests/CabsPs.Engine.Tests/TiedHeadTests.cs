using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>An output head that a model ties to its embedding stands for that embedding.</summary>
public sealed class TiedHeadTests
{
    private const string Embedding = "model.embed_tokens.weight";
    private const string Head = "lm_head.weight";
    private static readonly string s_recipe = Text("task_arithmetic", "weight: 1", "a");

    private static Workbench Models(float[]? baseHead, float[]? expertHead, string config = "{\"architectures\": [\"LlamaForCausalLM\"]}")
    {
        var bench = new Workbench();
        Write(bench, "base", [1, 2], baseHead, config);
        Write(bench, "a", [3, 4], expertHead, config);
        return bench;
    }

    private static void Write(Workbench bench, string name, float[] embedding, float[]? head, string config)
    {
        bench.Model(name, [(Embedding, embedding), .. head is null ? [] : new[] { (Head, head) }]);
        bench.Write(config, name, "config.json");
    }

    [Fact]
    public void Two_tied_models_give_a_tied_one()
    {
        using Workbench bench = Models(null, null);
        Assert.Equal([Embedding], bench.Merge(s_recipe).Tensors.Select(t => t.Name));
    }

    [Fact]
    public void A_tied_experts_head_is_its_embedding()
    {
        using Workbench bench = Models([10, 20], null);
        Assert.Equal([3, 4], Floats(bench.Merge(s_recipe), Head));
    }

    [Fact]
    public void A_tied_bases_head_is_its_embedding_where_an_expert_has_its_own()
    {
        using Workbench bench = Models(null, [30, 40]);
        Write(bench, "b", [1, 3], null, "{\"tie_word_embeddings\": true}");
        MergeResult result = bench.Run(Text("task_arithmetic", "weight: 0.5", "a", "b"));
        // the base's head is its embedding [1 2], b's is [1 3]: 1 + (30 − 1)/2 + (1 − 1)/2 and 2 + (40 − 2)/2 + (3 − 2)/2
        Assert.Equal([15.5f, 21.5f], Floats(Checkpoint.Open(result.Path), Head));
        Assert.Contains("set tie_word_embeddings to false", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_stored_a_second_time_is_left_out()
    {
        using Workbench bench = Models(null, [3, 4]);
        MergeResult result = bench.Run(s_recipe);
        Assert.Equal([new LeftOutTensor("a", Head, "the base ties it to its embedding, and so does this model")], result.LeftOut);
        Assert.Null(Checkpoint.Open(result.Path).Find(Head));
    }

    [Fact]
    public void An_excluded_head_is_not_invented()
    {
        using Workbench bench = Models(null, [30, 40]);
        MergeResult result = bench.Run(s_recipe + "exclude: lm_head*\n");
        Assert.Null(Checkpoint.Open(result.Path).Find(Head));
        Assert.Equal("the base ties it to its embedding, and it is excluded", Assert.Single(result.LeftOut).Reason);
    }

    [Fact]
    public void Untied_by_the_config_a_head_is_missing()
    {
        using Workbench bench = Models([10, 20], null, "{\"tie_word_embeddings\": false, \"architectures\": [\"LlamaForCausalLM\"]}");
        Fails(CabsError.TensorMissing, () => bench.Plan(s_recipe));
    }

    [Fact]
    public void A_classifier_has_no_tied_head()
    {
        using Workbench bench = Models(null, [30, 40], "{\"architectures\": [\"BertForSequenceClassification\"]}");
        Assert.Equal([new LeftOutTensor("a", Head, "the base has no such tensor")], bench.Plan(s_recipe).LeftOut);
    }
}
