using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tests;

/// <summary>One line of a golden cases.json.</summary>
/// <param name="Folder">The folder of the cases file; the recipe's model paths are relative to it.</param>
/// <param name="Name">The case.</param>
/// <param name="Recipe">Full path of the recipe.</param>
/// <param name="Expected">Full path of the tensors that must come out.</param>
/// <param name="MaxAbsError">The largest difference allowed; 0 means the same bits.</param>
public sealed record GoldenCase(string Folder, string Name, string Recipe, string Expected, double MaxAbsError)
{
    public override string ToString() => Name;
}

/// <summary>Finds golden cases: a whole set where it lies beside the repository, else the small copies under tests.</summary>
public static class GoldenCases
{
    public static string Root { get; } = FindRoot();

    /// <summary>The cases of the methods that exist.</summary>
    public static IReadOnlyList<GoldenCase> Load(params string[] methods) => LoadSet(FolderOf("golden"), methods);

    /// <summary>The cases of a set whose method and steps after it exist.</summary>
    /// <param name="folder">The folder of its cases.json.</param>
    /// <param name="methods">The methods.</param>
    public static IReadOnlyList<GoldenCase> LoadSet(string folder, IReadOnlyCollection<string> methods)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        var cases = new List<GoldenCase>();
        foreach (JsonElement entry in document.RootElement.EnumerateArray())
        {
            string recipe = Path.Combine(folder, entry.GetProperty("recipe").GetString()!);
            string method = File.ReadLines(recipe).First(l => l.StartsWith("merge_method:", StringComparison.Ordinal))["merge_method:".Length..].Trim();
            IEnumerable<string> steps = File.ReadLines(recipe).Where(l => l.StartsWith("- method:", StringComparison.Ordinal)).Select(l => l["- method:".Length..].Trim());
            if (methods.Contains(method) && steps.All(s => Merging.PostCatalog.Find(s) is not null))
                cases.Add(new GoldenCase(folder, entry.GetProperty("case").GetString()!, recipe, Path.Combine(folder, entry.GetProperty("expected").GetString()!), entry.GetProperty("max_abs_error").GetDouble()));
        }

        return cases;
    }

    /// <summary>Asserts that a merged model holds what a case expects.</summary>
    public static void AssertMatches(GoldenCase golden, string merged)
    {
        Checkpoint expected = Checkpoint.Open(golden.Expected), actual = Checkpoint.Open(merged);
        Assert.NotEmpty(expected.Tensors);
        foreach (TensorInfo tensor in expected.Tensors)
        {
            TensorInfo found = actual.Find(tensor.Name) ?? throw new Xunit.Sdk.XunitException($"{tensor.Name} is missing");
            Assert.Equal(tensor.Shape, found.Shape);
            Assert.Equal(tensor.Type, found.Type);
            byte[] want = TensorData.Bytes(tensor), have = TensorData.Bytes(found);
            if (golden.MaxAbsError == 0)
            {
                Assert.True(want.AsSpan().SequenceEqual(have), $"{golden.Name}: {tensor.Name} differs");
                continue;
            }

            double[] a = TensorData.Values(tensor), b = TensorData.Values(found);
            for (int i = 0; i < a.Length; i++)
                Assert.True(Math.Abs(a[i] - b[i]) <= golden.MaxAbsError, $"{golden.Name}: {tensor.Name}[{i}] is {b[i]:R}, expected {a[i]:R}");
        }
    }

    /// <summary>The folder of a set.</summary>
    public static string FolderOf(string set) => Directory.Exists(Path.Combine(Root, "..", "shared", set))
        ? Path.GetFullPath(Path.Combine(Root, "..", "shared", set))
        : Path.Combine(Root, "tests", set);

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "CabsPs.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("CabsPs.sln is not above the test's folder");
    }
}
