using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using Xunit.Abstractions;

namespace CabsPs.Engine.Tests;

/// <summary>The golden recipes of methods that take whole models: gradients, filters and base rules included.</summary>
public sealed class MethodRecipeTests(ITestOutputHelper log)
{
    private static readonly string s_folder = Path.GetFullPath(Path.Combine(GoldenCases.Root, "..", "shared", "golden-recipes"));

    public static TheoryData<string> Cases { get; } = new(Load().Select(c => c.GetProperty("case").GetString()!));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recipe_gives_the_expected_tensors(string name)
    {
        JsonElement golden = Load().Single(c => c.GetProperty("case").GetString() == name);
        using var folder = new TemporaryFolder();
        MergeDefinition definition = Recipe.Read(Path.Combine(s_folder, golden.GetProperty("recipe").GetString()!), s_folder);
        new MergeRun(MergePlanner.Plan(definition, new MergeOptions())).Execute(folder.Path("merged"));

        double allowed = golden.GetProperty("max_abs_error").GetDouble(), largest = 0;
        double share = golden.TryGetProperty("max_differing", out JsonElement differing) ? differing.GetDouble() : 0;
        long off = 0, all = 0;
        Checkpoint expected = Checkpoint.Open(Path.Combine(s_folder, golden.GetProperty("expected").GetString()!)), actual = Checkpoint.Open(folder.Path("merged"));
        Assert.Equal(expected.Tensors.Select(t => (t.Name, t.Type, t.ShapeText)), actual.Tensors.Select(t => (t.Name, t.Type, t.ShapeText)));
        foreach (TensorInfo tensor in expected.Tensors)
        {
            double[] want = TensorData.Values(tensor), have = TensorData.Values(actual.Find(tensor.Name)!);
            for (int i = 0; i < want.Length; i++)
            {
                double error = Math.Abs(want[i] - have[i]);
                largest = Math.Max(largest, error <= allowed || share == 0 ? error : 0);
                off += error <= allowed ? 0 : 1;
            }

            all += want.Length;
        }

        log.WriteLine($"{name}: largest error {largest:G3}, {off} of {all} further off than {allowed}");
        Assert.True(off <= share * all, $"{off} of {all} weights are off by more than {allowed}, the largest by {largest}");
    }

    private static JsonElement[] Load()
    {
        string cases = Path.Combine(s_folder, "cases.json");
        if (!File.Exists(cases))
            return [];
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(cases));
        return [.. document.RootElement.EnumerateArray().Where(IsWhole).Select(c => c.Clone())];
    }

    private static bool IsWhole(JsonElement entry)
    {
        string[] recipe = File.ReadAllLines(Path.Combine(s_folder, entry.GetProperty("recipe").GetString()!));
        string method = recipe.FirstOrDefault(l => l.StartsWith("merge_method:", StringComparison.Ordinal))?["merge_method:".Length..].Trim() ?? string.Empty;
        return entry.TryGetProperty("expected", out _) && recipe.Contains("models:")
            && method is "nuslerp" or "multislerp" or "karcher" or "model_stock" or "sce" or "ram" or "ramplus_tl" or "nearswap" or "arcee_fusion";
    }
}
