using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Reports;
using CabsPs.Engine.Tests.Recipes;

namespace CabsPs.Engine.Tests.Reports;

/// <summary>Real merges of small models, measured, with a search and scores made up, as contents of reports.</summary>
public sealed class ReportSample : IDisposable
{
    /// <summary>A name that would run, if a page let it.</summary>
    public const string HostileName = "</title><script>alert(1)</script><img src=x onerror=alert(1)> \"quoted' & \u202Eturned\u0007";

    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    /// <summary>Everything a report can hold, of four experts with five layers.</summary>
    public ReportContent Everything(int layers = 5)
    {
        string recipe = Write(layers);
        MergeResult result = Merge(recipe);
        return new ReportContent
        {
            Title = "Four experts",
            Recipes = [ReportRecipe.Read(recipe)],
            Merges = [ReportMerge.Of(result)],
            Measurements = [new ReportMeasurement("merged", Measure(result))],
            Studies = [new ReportStudy("orders", Study())],
            Searches = [Line(), Cloud()],
            Scores = [Scores()],
        };
    }

    /// <summary>A merge of four experts into <c>merged</c>.</summary>
    public MergeResult Merge(string recipe)
    {
        MergePlan plan = MergePlanner.Plan(CabsPs.Engine.Recipes.Recipe.Read(recipe, _shop.Path()), new MergeOptions { Force = true, Threads = 1 });
        return new MergeRun(plan).Execute(_shop.Path("merged"));
    }

    /// <summary>Writes the models and a recipe.</summary>
    public string Write(int layers)
    {
        foreach ((int seed, string name) in new[] { "base", "math", "code", "chat", "law" }.Index())
            _shop.Model(name, layers, (tensor, i) => Workshop.Noise(0)(tensor, i) + (seed == 0 ? 0 : 0.1f * Workshop.Noise(seed)(tensor, i)));
        File.WriteAllText(Path("recipe.yml"), "merge_method: cabs\nbase_model: base\nmodels:\n  - model: math\n    parameters: {weight: 1.25}\n  - model: code\n  - model: chat\n  - model: law\nparameters: {n: 3, m: 8, weight: 1, lambda: 0.75}\nexclude: ['lm_head.*']\n");
        return Path("recipe.yml");
    }

    public string Path(params string[] parts) => _shop.Path(parts);

    public static MeasureResult Measure(MergeResult result) => TaskVectorMeasurement.Create(result.Plan.Definition, new MergeOptions()).Execute();

    /// <summary>A search over one weight whose best is at 0.6.</summary>
    public static ReportSearch Line() => new("one weight", ["lambda"], [.. Enumerable.Range(1, 20).Select(i => new ReportTrial(i, [i * 0.05], 0.9 - Math.Pow((i * 0.05) - 0.6, 2)) { Tasks = [("easy", 0.95)] })]) { Strategy = "grid", Objective = "mean score" };

    /// <summary>A search over two weights.</summary>
    public static ReportSearch Cloud()
    {
        var random = new Random(5);
        return new ReportSearch("two weights", ["math", "code"], [.. Enumerable.Range(1, 40).Select(i =>
        {
            double a = random.NextDouble(), b = random.NextDouble();
            return new ReportTrial(i, [a, b], i == 7 ? double.NaN : 1 - ((a - 0.4) * (a - 0.4)) - ((b - 0.7) * (b - 0.7)));
        })]) { Test = new ReportInterval(0.8, 0.75, 0.85) };
    }

    private static ReportScores Scores() => new("Accuracy on the test images", [
        new ReportScore("base's body", 0.9) { Low = 0.88, High = 0.92, Group = "For comparison", IsReference = true },
        new ReportScore("CABS", 0.93) { Low = 0.91, High = 0.95, Group = "75 % sparsity", Note = "within noise of the best", Columns = [("upright", "0.94")] },
        new ReportScore("TIES", 0.92) { Low = 0.9, High = 0.94, Group = "75 % sparsity" },
    ]);

    private static StudyResult Study() => new()
    {
        BasePath = "base",
        Vectors = ["math", "code"],
        OrderCount = 2,
        Rows = [
            new StudyRow("joint", 2, 8, ["math", "code"], [0.61, 0.62], [0.25, 0.25], [new StudyPair("math", "code", 0, 0, 0)]),
            new StudyRow("sequential", 2, 8, ["math", "code"], [0.7, 0.5], [0.25, 0.25], [new StudyPair("math", "code", 0, 0, 0)]),
            new StudyRow("sequential", 2, 8, ["code", "math"], [0.5, 0.72], [0.25, 0.25], [new StudyPair("math", "code", 0, 0, 0)]),
        ],
        OrderEffects = [new OrderEffect(2, 8, "math", 2, 0.5, 0.6, 0.7, 0.61), new OrderEffect(2, 8, "code", 2, 0.5, 0.61, 0.72, 0.62)],
        Warnings = [],
        Duration = TimeSpan.Zero,
        BytesRead = 0,
    };
}
