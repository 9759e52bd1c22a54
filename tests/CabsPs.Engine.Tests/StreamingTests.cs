using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;

namespace CabsPs.Engine.Tests;

/// <summary>How a merge is cut and by how many threads never shows; the fast ways through give what the plain one gives.</summary>
public sealed class StreamingTests
{
    public static TheoryData<string, string> MethodsAndTypes { get; } = new()
    {
        { "dense", "BF16" }, { "dense", "F16" }, { "dense", "F32" }, { "sequential", "BF16" }, { "sequential", "F32" }, { "joint", "BF16" }, { "ties", "F16" }, { "auto", "BF16" },
        { "random", "BF16" }, { "random", "F16" }, { "random", "F32" },
    };

    [Theory]
    [MemberData(nameof(MethodsAndTypes))]
    public void Threads_and_pieces_do_not_show(string method, string typeName)
    {
        using var folder = new TemporaryFolder();
        WriteModels(folder, Enum.Parse<DType>(typeName), 300_000);
        byte[] first = Merge(folder, method, new MergeOptions { Threads = 1 });
        Assert.Equal(first, Merge(folder, method, new MergeOptions { Threads = 3 }));
        Assert.Equal(first, Merge(folder, method, new MergeOptions { Threads = 2, PieceBytes = 4096 }));
        Assert.Equal(first, Merge(folder, method, new MergeOptions { Threads = 2, PieceBytes = 3 << 20 }));
    }

    [Theory]
    [InlineData("dense", "BF16")]
    [InlineData("dense", "F16")]
    [InlineData("dense", "F32")]
    [InlineData("random", "BF16")]
    [InlineData("random", "F16")]
    [InlineData("random", "F32")]
    public void Stored_bytes_give_what_the_tiles_give(string method, string typeName)
    {
        using var folder = new TemporaryFolder();
        DType type = Enum.Parse<DType>(typeName);
        WriteModels(folder, type, 5_003);
        // L1 norms would carry an infinity to every weight. One that is allowed sends its segment or tile through the tiles; another file has none
        byte[] streamed = Merge(folder, method, new MergeOptions(), rescale: "density");
        WriteModels(folder, type, 5_003, infinityAt: 4_000);
        byte[] tiled = Merge(folder, method, new MergeOptions(), allowNonFinite: true, rescale: "density");
        int size = type.Size(), at = streamed.Length - ((5_003 - 4_000) * size);
        if (method == "dense")
            Assert.NotEqual(streamed.AsSpan(at, size).ToArray(), tiled.AsSpan(at, size).ToArray());
        tiled.AsSpan(at, size).CopyTo(streamed.AsSpan(at, size));
        Assert.Equal(streamed, tiled);
    }

    [Theory]
    [InlineData("dense")]
    [InlineData("sequential")]
    [InlineData("random")]
    public void A_weight_that_is_not_finite_is_named(string method)
    {
        using var folder = new TemporaryFolder();
        WriteModels(folder, DType.BF16, 300_000, infinityAt: 299_998);
        CabsException error = Assert.Throws<CabsException>(() => Merge(folder, method, new MergeOptions { Threads = 2 }));
        Assert.Equal(CabsError.NonFiniteInput, error.Error);
        Assert.Contains("299998", error.Message, StringComparison.Ordinal);
        Assert.Contains("expert2", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Merge(TemporaryFolder folder, string method, MergeOptions options, bool allowNonFinite = false, string rescale = "l1")
    {
        MergeMethod merge = method switch { "dense" => new TaskArithmetic(), "random" => new DareLinear(), _ => new Cabs() };
        object weight = method == "auto" ? "auto" : 0.6;
        var definition = new MergeDefinition
        {
            Method = merge,
            BasePath = folder.Path("base"),
            Inputs = [.. Enumerable.Range(1, 3).Select(i => new ModelInput($"expert{i}", folder.Path($"expert{i}"), ParameterSet.Of(("weight", weight))))],
            Parameters = method switch
            {
                "dense" => ParameterSet.Of(("lambda", 0.9), ("normalize", true)),
                "random" => ParameterSet.Of(("density", 0.3), ("rescale", rescale)),
                _ => ParameterSet.Of(("n", 16.0), ("m", 60.0), ("assignment", method == "joint" ? "joint" : "sequential"), ("overlap", method == "ties" ? "ties" : "sum")),
            },
            Groups = merge.Sparsifier is null ? [] : [new SparsifierGroup(merge.Sparsifier, [0, 1, 2])],
            AllowNonFinite = allowNonFinite,
        };
        new MergeRun(MergePlanner.Plan(definition, options with { Force = true })).Execute(folder.Path("merged"));
        return File.ReadAllBytes(folder.Path("merged", "model.safetensors"));
    }

    private static void WriteModels(TemporaryFolder folder, DType type, int length, int infinityAt = -1)
    {
        float[] start = Samples.Normal(1, length);
        TensorData.Write(folder.Path("base", "model.safetensors"), type, ("weight", [length], start));
        for (int i = 1; i <= 3; i++)
        {
            float[] moved = [.. Samples.Normal(i + 1, length).Select((d, at) => start[at] + d)];
            if (i == 2 && infinityAt >= 0)
                moved[infinityAt] = float.PositiveInfinity;
            TensorData.Write(folder.Path($"expert{i}", "model.safetensors"), type, ("weight", [length], moved));
        }
    }
}
