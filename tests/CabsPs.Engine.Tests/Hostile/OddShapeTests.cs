using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Fuzzing;

namespace CabsPs.Engine.Tests.Hostile;

/// <summary>Shapes that no model has and every file may have, with every method: no elements in huge dimensions, none at all, and rows
/// longer than an array can be.</summary>
public sealed class OddShapeTests
{
    public static TheoryData<string> Methods { get; } = [.. MethodCatalog.All.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Tensors_without_elements_and_scalars_are_merged(string method)
    {
        using var folder = new TemporaryFolder();
        string header = $"{{\"z\":{Seeds.Entry(DType.F64, [], 0, 8)},\"s\":{Seeds.Entry(DType.F32, [], 8, 12)},\"o\":{Seeds.Entry(DType.BF16, [1, 1, 1, 2], 12, 16)},\"a\":{Seeds.Entry(DType.F32, [0, long.MaxValue], 16, 16)},\"b\":{Seeds.Entry(DType.BF16, [1L << 40, 0], 16, 16)},\"c\":{Seeds.Entry(DType.F16, [3, 0, 1L << 33], 16, 16)},\"d\":{Seeds.Entry(DType.F64, [0], 16, 16)}}}";
        Write(folder, method, header, 16);
        MergeResult result = new MergeRun(Plan(folder)).Execute(folder.Path("out"));
        Assert.Equal(["a", "b", "c", "d", "o", "s", "z"], Checkpoint.Open(result.Path).Tensors.Select(t => t.Name));
    }

    // the files have holes: three gigabytes of zeros that take no room
    [Theory]
    [MemberData(nameof(Methods))]
    public void Rows_and_columns_longer_than_an_array_are_planned_or_refused(string method)
    {
        foreach (long[] shape in new long[][] { [1, 3_000_000_000], [3_000_000_000, 1], [3_000_000_000] })
        {
            using var folder = new TemporaryFolder();
            Write(folder, method, $"{{\"w\":{Seeds.Entry(DType.BF16, shape, 0, 6_000_000_000)}}}", 6_000_000_000);
            try
            {
                Assert.True(Plan(folder).Memory.BufferBytes <= MergeOptions.DefaultMaxMemory);
            }
            catch (CabsException e)
            {
                Assert.True(e.Error is CabsError.MemoryLimit || (method == "regmean" && e.Error is CabsError.StatisticInvalid) || e.Message.StartsWith("tensor 'w' has 3000000000 ", StringComparison.Ordinal) || e.Message.StartsWith("tensor 'w' has rows of 3000000000 ", StringComparison.Ordinal), $"{method} [{string.Join(", ", shape)}]: {e.Message}");
            }
        }
    }

    private static MergePlan Plan(TemporaryFolder folder) =>
        MergePlanner.Plan(Recipe.Read(folder.Path("recipe.yml"), folder.Path()), new MergeOptions { Threads = 1 });

    private static void Write(TemporaryFolder folder, string method, string header, long dataBytes)
    {
        foreach (string model in new[] { "base", "a", "b" })
        {
            Directory.CreateDirectory(folder.Path(model));
            using FileStream file = File.Create(folder.Path(model, "model.safetensors"));
            file.Write(Seeds.File(header, []));
            file.SetLength(file.Length + dataBytes);
        }

        File.WriteAllText(folder.Path("recipe.yml"), Seeds.Recipes.First(r => r.StartsWith($"merge_method: {method}\n", StringComparison.Ordinal)));
    }
}
