using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Reports;

/// <summary>Reads what a merged folder says of itself: its cabs.json.</summary>
public static class MergedFolder
{
    private const string FileName = "cabs.json";
    private const long LongestFile = 1L << 28;

    /// <summary>Whether a folder says what it was merged from.</summary>
    public static bool Describes(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Reads it.</summary>
    /// <param name="folder">The merged model's folder.</param>
    /// <exception cref="CabsException">There is no cabs.json, or it is not one.</exception>
    public static ReportContent Read(string folder)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), file = Path.Combine(full, FileName);
        if (!File.Exists(file))
            throw new CabsException(CabsError.CheckpointNotFound, $"{folder}: holds no {FileName} that would say what it was merged from; give the recipe instead", folder);
        try
        {
            using JsonDocument document = JsonDocument.Parse(InputFile.ReadAll(file, LongestFile, CabsError.CheckpointInvalid), new JsonDocumentOptions { MaxDepth = 32 });
            JsonElement root = document.RootElement;
            string name = Path.GetFileName(full);
            string? recipe = root.TryGetProperty("recipe", out JsonElement text) ? text.GetString() : null;
            return new ReportContent
            {
                Title = $"{name}: what the merge did",
                Recipes = recipe is null ? [] : [new ReportRecipe("the recipe", recipe)],
                Merges = [Merge(name, full, root)],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new CabsException(CabsError.CheckpointInvalid, $"{file}: does not describe a merge as this version writes it", file, e);
        }
    }

    private static ReportMerge Merge(string name, string folder, JsonElement root)
    {
        JsonElement plan = root.GetProperty("plan");
        string method = Word(plan, "method");
        MergeMethod? known = MethodCatalog.Find(method);
        JsonElement[] models = [.. plan.GetProperty("models").EnumerateArray().Where(m => !m.TryGetProperty("masksOnly", out _))];
        string[] values = [.. models.SelectMany(Parameters).Select(p => p.Name).Distinct(StringComparer.Ordinal)];
        return new ReportMerge(name, method)
        {
            Summary = known?.Summary ?? string.Empty,
            Formula = known?.Formula ?? string.Empty,
            Source = known?.Source ?? string.Empty,
            Path = folder,
            Models = [.. Models(plan)],
            ValueNames = values,
            Values = [.. models.Select(m => (Word(m, "name"), (IReadOnlyList<string>)[.. values.Select(v => Parameters(m).FirstOrDefault(p => p.Name == v).Value ?? "–")]))],
            Facts = [.. Parameters(plan), .. Lists(plan)],
            Tensors = [.. root.GetProperty("tensors").EnumerateArray().Select(Tensor)],
            LeftOut = [.. root.GetProperty("leftOut").EnumerateArray().Select(t => new LeftOutTensor(Word(t, "model"), Word(t, "tensor"), Word(t, "reason")))],
            Vectors = [.. root.GetProperty("vectors").EnumerateArray().Select(v => new VectorSummary(Word(v, "name"), Number(v, "weight"), v.GetProperty("kept").GetInt64(), Number(v, "keptShare"), Number(v, "normKept")))],
            Overlaps = [.. root.GetProperty("overlaps").EnumerateArray().Select(p => new PairSummary(Word(p, "first"), Word(p, "second"), p.GetProperty("shared").GetInt64(), Number(p, "jaccard"), Number(p, "shareOfSmaller")))],
            Files = [.. root.GetProperty("weights").EnumerateArray().Concat(root.GetProperty("files").EnumerateArray()).Select(f => new OutputFile(Word(f, "name"), f.GetProperty("bytes").GetInt64()))],
        };
    }

    private static IEnumerable<ReportModel> Models(JsonElement plan)
    {
        if (plan.TryGetProperty("base", out JsonElement donor) && donor.GetString() is { } path)
            yield return new ReportModel(Path.GetFileName(path), true, path);
        foreach (JsonElement model in plan.GetProperty("models").EnumerateArray())
            yield return new ReportModel(Word(model, "name"), false, Word(model, "path"));
    }

    private static ReportTensor Tensor(JsonElement tensor)
    {
        long[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        TensorAction action = Word(tensor, "action") switch { "merge" => TensorAction.Merge, "copy" => TensorAction.Copy, _ => TensorAction.CopyIdentical };
        return new ReportTensor(Word(tensor, "name"), action, Word(tensor, "dtype"), string.Empty, shape, shape.Aggregate(1L, (a, b) => checked(a * b)));
    }

    private static IEnumerable<(string Name, string Value)> Parameters(JsonElement element) =>
        element.TryGetProperty("parameters", out JsonElement parameters) ? parameters.EnumerateObject().Select(p => (p.Name, p.Value.ToString())) : [];

    private static IEnumerable<(string, string)> Lists(JsonElement plan)
    {
        foreach (string key in new[] { "include", "exclude" })
        {
            if (plan.TryGetProperty(key, out JsonElement list))
                yield return (key, string.Join(", ", list.EnumerateArray().Select(p => p.GetString())));
        }
    }

    private static string Word(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException(name);

    private static double Number(JsonElement element, string name) => element.GetProperty(name) is { ValueKind: JsonValueKind.Number } number
        ? number.GetDouble()
        : Word(element, name) switch { "Infinity" => double.PositiveInfinity, "-Infinity" => double.NegativeInfinity, _ => double.NaN };
}
