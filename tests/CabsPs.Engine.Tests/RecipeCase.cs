using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Tests;

/// <summary>A golden case of the recipe language.</summary>
public sealed class RecipeCase
{
    private readonly JsonElement _entry;

    private RecipeCase(string folder, JsonElement entry)
    {
        Folder = folder;
        _entry = entry;
        Methods = [.. File.ReadLines(Path.Combine(folder, Text("recipe")!))
            .Select(l => l.Replace("\"", string.Empty, StringComparison.Ordinal))
            .Where(l => l.StartsWith("merge_method:", StringComparison.Ordinal))
            .Select(l => l["merge_method:".Length..].Trim().Trim('\''))];
    }

    /// <summary>The whole set where the repository lies beside it, else the copies under tests.</summary>
    public static string Root { get; } = Directory.Exists(Path.Combine(GoldenCases.Root, "..", "shared", "golden-recipes"))
        ? Path.GetFullPath(Path.Combine(GoldenCases.Root, "..", "shared", "golden-recipes"))
        : Path.Combine(GoldenCases.Root, "tests", "golden-recipes");

    public static IReadOnlyList<RecipeCase> All { get; } = Load();

    public string Folder { get; }

    public string Name => Text("case")!;

    public string Recipe => Path.Combine(Folder, Text("recipe")!);

    /// <summary>The methods of its documents.</summary>
    public IReadOnlyList<string> Methods { get; }

    /// <summary>Methods that do not exist.</summary>
    public IEnumerable<string> Missing => Methods.Where(m => MethodCatalog.Find(m) is null && Fails is null);

    public string? Fails => Text("fails");

    /// <summary>Name, expected tensors and config of each result; the name of the one without is empty.</summary>
    public IEnumerable<(string Name, JsonElement Expectation)> Results
    {
        get
        {
            if (_entry.TryGetProperty("expected", out _) || _entry.TryGetProperty("densities", out _))
                yield return (string.Empty, _entry);
            if (_entry.TryGetProperty("outputs", out JsonElement outputs))
            {
                foreach (JsonProperty output in outputs.EnumerateObject())
                    yield return (output.Name, output.Value);
            }
        }
    }

    /// <summary>Asserts that a merged model is what one of the case's results must be.</summary>
    public void AssertMatches(JsonElement expectation, string merged)
    {
        Checkpoint actual = Checkpoint.Open(merged);
        if (expectation.TryGetProperty("expected", out JsonElement expected))
            AssertTensors(Checkpoint.Open(Path.Combine(Folder, expected.GetString()!)), actual, Limit(expectation, "max_abs_error"), Limit(expectation, "max_differing"));
        if (expectation.TryGetProperty("densities", out JsonElement densities))
            AssertDensities(Path.Combine(Folder, densities.GetString()!), actual);
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(merged, "config.json")));
        foreach (JsonProperty entry in expectation.GetProperty("expected_config").EnumerateObject())
        {
            JsonElement? found = Find(config.RootElement, entry.Name) ?? (entry.Name == "dtype" ? Find(config.RootElement, "torch_dtype") : null);
            Assert.True(found is { } value && JsonElement.DeepEquals(value, entry.Value), $"config.json: {entry.Name} is {found?.GetRawText() ?? "absent"}, expected {entry.Value.GetRawText()}");
        }
    }

    public override string ToString() => Name;

    private static JsonElement? Find(JsonElement at, string path)
    {
        foreach (string key in path.Split('.'))
        {
            if (!at.TryGetProperty(key, out at))
                return null;
        }

        return at;
    }

    // the named results of a case share its limits
    private double Limit(JsonElement expectation, string name) =>
        expectation.TryGetProperty(name, out JsonElement own) ? own.GetDouble() : _entry.TryGetProperty(name, out JsonElement shared) ? shared.GetDouble() : 0;

    private static void AssertTensors(Checkpoint expected, Checkpoint actual, double maxError, double maxDiffering)
    {
        Assert.Equal(expected.Tensors.Select(t => (t.Name, t.Type, t.ShapeText)), actual.Tensors.Select(t => (t.Name, t.Type, t.ShapeText)));
        long differing = 0;
        double worst = 0;
        string where = string.Empty;
        foreach (TensorInfo tensor in expected.Tensors)
        {
            double[] want = TensorData.Values(tensor), have = TensorData.Values(actual.Find(tensor.Name)!);
            for (int i = 0; i < want.Length; i++)
            {
                double difference = Math.Abs(want[i] - have[i]);
                if (difference <= maxError)
                    continue;
                differing++;
                if (!(difference <= worst))
                    (worst, where) = (difference, $"{tensor.Name}[{i}] is {have[i]:R}, expected {want[i]:R}");
            }
        }

        Assert.True(differing <= maxDiffering * expected.ParameterCount, $"{differing} of {expected.ParameterCount} differ; {where}");
    }

    // what a random method keeps of an expert is near its density, and the rest is the delta times one factor
    private void AssertDensities(string file, Checkpoint actual)
    {
        Checkpoint inBase = Checkpoint.Open(Path.Combine(Folder, Text("base")!)), expert = Checkpoint.Open(Path.Combine(Folder, Text("expert")!));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            double density = entry.Value.GetProperty("density").GetDouble();
            double[] own = TensorData.Values(inBase.Find(entry.Name)!), delta = TensorData.Values(expert.Find(entry.Name)!), have = TensorData.Values(actual.Find(entry.Name)!);
            int kept = 0;
            double before = 0, after = 0;
            for (int i = 0; i < own.Length; i++)
            {
                double full = delta[i] - own[i], left = have[i] - own[i];
                before += Math.Abs(full);
                after += Math.Abs(left);
                kept += Math.Abs(left) > 1e-9 ? 1 : 0;
            }

            double sigma = Math.Sqrt(density * (1 - density) * own.Length);
            Assert.True(Math.Abs(kept - (density * own.Length)) <= 5 * sigma + 1, $"{entry.Name}: {kept} of {own.Length} kept at density {density}");
            Assert.True(Math.Abs(before - after) <= 1e-3 * before, $"{entry.Name}: the sum of magnitudes was {before} and is {after}");
        }
    }

    private string? Text(string key) => _entry.TryGetProperty(key, out JsonElement value) ? value.GetString() : null;

    private static IReadOnlyList<RecipeCase> Load()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Root, "cases.json")));
        return [.. document.RootElement.EnumerateArray().Select(e => new RecipeCase(Root, e.Clone()))];
    }
}
