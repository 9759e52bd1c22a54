using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Fuzzing;

/// <summary>The figures of a run.</summary>
public sealed class FuzzFigures
{
    /// <summary>Inputs tried.</summary>
    public int Count { get; set; }

    /// <summary>Inputs that were merged.</summary>
    public int Merged { get; set; }

    /// <summary>How often each error came.</summary>
    public SortedDictionary<string, int> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>How many inputs of each kind.</summary>
    public SortedDictionary<string, int> Kinds { get; } = new(StringComparer.Ordinal);

    /// <summary>The longest time an input took.</summary>
    public TimeSpan Longest { get; set; }

    /// <summary>The most bytes beyond the plan that an input cost.</summary>
    public long MostAllocated { get; set; }

    /// <summary>The number of that input.</summary>
    public int Largest { get; set; }

    /// <summary>What must not be, with the number of the input.</summary>
    public List<string> Faults { get; } = [];
}

/// <summary>Tries hostile inputs made from right ones by a seed: the same ones in every run.</summary>
/// <param name="folder">An empty folder to work in.</param>
/// <param name="seed">Where the inputs start from.</param>
public sealed class Fuzzer(string folder, int seed)
{
    private static readonly string[] s_kinds = ["header", "header bytes", "body", "index", "recipe", "recipe bytes", "config", "tokenizer", "side bytes", "manifest", "journal"];
    private readonly FuzzFigures _figures = new();
    private RightResult? _right;

    /// <summary>The kinds that are tried; null tries all. The inputs of the others keep their numbers.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    /// <summary>Tries inputs.</summary>
    /// <param name="from">The number of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="progress">Told the number of each input.</param>
    public FuzzFigures Run(int from, int count, Action<int>? progress = null)
    {
        Seeds.WriteModel(Path.Combine(folder, "base"), 0);
        Seeds.WriteModel(Path.Combine(folder, "b"), 2);
        _right = new RightResult(Directory.CreateDirectory(Path.Combine(folder, "right")).FullName);
        if (from == 0)
            TrySeeds();
        for (int number = from; number < from + count; number++)
        {
            if (Only is { } kinds && !kinds.Contains(s_kinds[number % s_kinds.Length]))
                continue;
            progress?.Invoke(number);
            Try(number);
        }

        return _figures;
    }

    // what is made from files that are refused already would prove nothing
    private void TrySeeds()
    {
        Seeds.WriteModel(Path.Combine(folder, "a"), 1);
        foreach (string recipe in Seeds.Recipes)
        {
            File.WriteAllText(Path.Combine(folder, "recipe.yml"), recipe);
            Outcome outcome = Trial.Run(folder, "a");
            // regmean is given a model where it needs a file of square statistics, and has to say so
            CabsError? expected = recipe.StartsWith("merge_method: regmean\n", StringComparison.Ordinal) ? CabsError.StatisticInvalid : null;
            if (outcome.Error != expected || outcome.Faults.Count > 0)
                _figures.Faults.Add($"seed {recipe}: {outcome.Message} {string.Join("; ", outcome.Faults)}");
        }
    }

    private void Try(int number)
    {
        var random = new Random((seed * 1_000_003) ^ number);
        string kind = s_kinds[number % s_kinds.Length];
        if (kind is "manifest" or "journal")
            Note(number, kind, kind == "manifest" ? TryManifest(random, _right!) : TryJournal(random, _right!));
        else
            TryModel(number, kind, random);
    }

    private static Outcome TryManifest(Random random, RightResult right) =>
        ManifestTrial.Run(right, ManifestNoise.Make(random, right.Draft(right.Manifest), right.Finish), Options(random) with { Force = random.Next(3) == 0 });

    private static Outcome TryJournal(Random random, RightResult right) =>
        JournalTrial.Run(right, JournalNoise.Make(random, right.Draft(right.Journal), right.Finish), Damage(random), Options(random));

    private static CabsPs.Engine.Merging.MergeOptions Options(Random random) => RightResult.Options with { ResumeDeep = random.Next(3) == 0 };

    // what a loss of power does to weights that the journal speaks of; to most nothing
    private static Action<string> Damage(Random random)
    {
        (int what, int which, int at) = (random.Next(8), random.Next(), random.Next());
        return result =>
        {
            string[] files = [.. Directory.GetFiles(result, "*.safetensors").Order(StringComparer.Ordinal)];
            string file = files[which % files.Length];
            byte[] bytes = File.ReadAllBytes(file);
            if (what == 0)
                File.Delete(file);
            else if (what == 1)
                File.WriteAllBytes(file, bytes[..(at % bytes.Length)]);
            else if (what == 2)
                File.WriteAllBytes(file, [.. bytes[..(at % bytes.Length)], .. new byte[bytes.Length - (at % bytes.Length)]]);
        };
    }

    private void TryModel(int number, string kind, Random random)
    {
        string model = Path.Combine(folder, "a");
        if (Directory.Exists(model))
            Directory.Delete(model, recursive: true);
        Seeds.WriteModel(model, 1);
        string recipe = Seeds.Recipes[random.Next(Seeds.Recipes.Count)];
        // the hostile model as an expert or as the base, the tensors by name or by layers
        if (random.Next(4) == 0)
            recipe = recipe.Replace("base_model: base", "base_model: a", StringComparison.Ordinal).Replace("model: a\n", "model: base\n", StringComparison.Ordinal);
        if (random.Next(6) == 0)
            recipe += "missing: skip\n";
        if ((kind is "tokenizer" || random.Next(6) == 0) && !recipe.Contains("---", StringComparison.Ordinal) && !recipe.Contains("tokenizer", StringComparison.Ordinal))
            recipe += $"tokenizer: {{source: {(random.Next(2) == 0 ? "union" : "base")}}}\n";
        string weights = Path.Combine(model, "model.safetensors");
        switch (kind)
        {
            case "header":
                File.WriteAllBytes(weights, HeaderNoise.File(random, 1));
                break;
            case "header bytes":
                byte[] header = Noise.Bytes(random, System.Text.Encoding.UTF8.GetBytes(Seeds.Header(Seeds.Tensors)));
                File.WriteAllBytes(weights, [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. Seeds.Data(Seeds.Tensors, 1)]);
                break;
            case "body":
                File.WriteAllBytes(weights, Noise.Bytes(random, File.ReadAllBytes(weights)));
                break;
            case "index":
                File.Delete(weights);
                Seeds.WriteShards(model, 1);
                string index = Path.Combine(model, "model.safetensors.index.json");
                if (random.Next(4) == 0)
                    File.WriteAllBytes(index, Noise.Bytes(random, File.ReadAllBytes(index)));
                else
                    File.WriteAllText(index, Noise.Json(random, Seeds.Index));
                break;
            case "recipe":
                recipe = Noise.Yaml(random, recipe);
                break;
            case "config":
                File.WriteAllText(Path.Combine(model, "config.json"), Noise.Json(random, Seeds.Config));
                break;
            case "tokenizer":
                File.WriteAllText(Path.Combine(model, "tokenizer.json"), Noise.Json(random, Seeds.Tokenizer));
                break;
            case "side bytes":
                string side = Path.Combine(model, random.Next(2) == 0 ? "config.json" : "tokenizer.json");
                File.WriteAllBytes(side, Noise.Bytes(random, File.ReadAllBytes(side)));
                break;
        }

        byte[] text = System.Text.Encoding.UTF8.GetBytes(recipe);
        File.WriteAllBytes(Path.Combine(folder, "recipe.yml"), kind == "recipe bytes" ? Noise.Bytes(random, text) : text);
        Note(number, kind, Trial.Run(folder, "a"));
        if (kind is "header" or "header bytes" or "body")
            CheckAgainstRules(number, weights);
    }

    private void CheckAgainstRules(int number, string weights)
    {
        CabsException? refusal = null;
        try
        {
            SafetensorsHeader.Read(weights);
        }
        catch (CabsException e)
        {
            refusal = e;
        }

        if (SafetensorsRules.Allow(File.ReadAllBytes(weights)) != (refusal is null))
            _figures.Faults.Add($"{number}: the format's rules {(refusal is null ? "refuse" : "allow")} the file, the reader says {refusal?.Message ?? "that it is right"}");
    }

    private void Note(int number, string kind, Outcome outcome)
    {
        _figures.Count++;
        _figures.Merged += outcome.Error is null && outcome.Faults.Count == 0 ? 1 : 0;
        _figures.Kinds[kind] = _figures.Kinds.GetValueOrDefault(kind) + 1;
        if (outcome.Error is { } error)
            _figures.Errors[error.ToString()] = _figures.Errors.GetValueOrDefault(error.ToString()) + 1;
        if (outcome.Elapsed > _figures.Longest)
            _figures.Longest = outcome.Elapsed;
        if (outcome.Allocated > _figures.MostAllocated)
            (_figures.MostAllocated, _figures.Largest) = (outcome.Allocated, number);
        _figures.Faults.AddRange(outcome.Faults.Select(f => $"{number} ({kind}): {f}"));
    }
}
