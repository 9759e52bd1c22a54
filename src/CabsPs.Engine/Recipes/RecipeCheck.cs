using System.Diagnostics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Recipes;

/// <summary>Everything that can be known of a recipe without computing.</summary>
public sealed record RecipeReport
{
    /// <summary>What is wrong: what has a line in the recipe by line, then the rest.</summary>
    public required IReadOnlyList<CabsException> Problems { get; init; }

    /// <summary>What may not have been meant.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The merges that could be planned.</summary>
    public required IReadOnlyList<RecipeStep> Steps { get; init; }

    /// <summary>Bytes that the results take, those included that go again.</summary>
    public required long DiskNeeded { get; init; }

    /// <summary>Bytes free where they go; null where that is not known.</summary>
    public required long? DiskFree { get; init; }

    /// <summary>Bytes that are read.</summary>
    public required long BytesToRead { get; init; }

    /// <summary>Memory that the largest of the merges takes.</summary>
    public required long Memory { get; init; }

    /// <summary>How long it may take, from the rate at which a part of the models can be read; null where nothing could be.</summary>
    public required TimeSpan? Time { get; init; }
}

/// <summary>Checks a recipe without running it.</summary>
public static class RecipeCheck
{
    private const long SampleBytes = 64L << 20;
    private const int PieceBytes = 1 << 20;

    /// <summary>Checks a recipe: all problems at once.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="options">How it would be carried out.</param>
    /// <param name="change">Changes to the definitions, see <see cref="RecipeFile.With"/>; null for none.</param>
    /// <param name="destination">The folder of the result; null when it is not known yet.</param>
    /// <param name="stages">The folder in which results of named documents stay, or null.</param>
    /// <param name="workingFolder">What counts as the current folder; the process's when null.</param>
    /// <param name="cancel">Stops the check.</param>
    /// <exception cref="CabsException">The file cannot be read as YAML.</exception>
    public static RecipeReport Run(string path, MergeOptions options, Func<MergeDefinition, bool, MergeDefinition>? change = null, string? destination = null, string? stages = null, string? workingFolder = null, CancellationToken cancel = default)
    {
        var problems = new Problems(goOn: true);
        RecipeFile recipe = Recipe.ReadFile(path, workingFolder, problems);
        RecipePlan? plan = null;
        problems.Attempt(() => plan = RecipePlan.Create(change is null ? recipe : recipe.With(change), options, destination, stages, problems, cancel));
        using (plan)
        {
            IReadOnlyList<RecipeStep> steps = plan?.Steps ?? [];
            long needed = steps.Sum(s => s.Plan.OutputFiles.Sum(f => f.ByteLength));
            string place = stages ?? destination ?? ".";
            long? free = DiskSpace.FreeAt(place);
            problems.Attempt(() =>
            {
                if (!options.IgnoresFreeSpace)
                    DiskSpace.Check([(place, needed)]);
            });
            return new RecipeReport
            {
                Problems = [.. problems.Found.OrderBy(p => LineOf(path, p.Message))],
                Warnings = [.. recipe.Warnings.Concat(steps.SelectMany(s => s.Plan.Warnings)).Distinct()],
                Steps = steps,
                DiskNeeded = needed,
                DiskFree = free,
                BytesToRead = steps.Sum(s => s.Plan.BytesToRead),
                Memory = steps.Count == 0 ? 0 : steps.Max(s => s.Plan.Memory.ExpectedBytes),
                Time = EstimateTime(steps, cancel),
            };
        }
    }

    private static int LineOf(string path, string message)
    {
        string beginning = $"{path} line ";
        if (!message.StartsWith(beginning, StringComparison.Ordinal))
            return int.MaxValue;
        string number = new([.. message.Skip(beginning.Length).TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(number, out int line) ? line : int.MaxValue;
    }

    // a merge is bound by reading and writing; what can be written as fast as read is a guess, and said to be one
    private static TimeSpan? EstimateTime(IReadOnlyList<RecipeStep> steps, CancellationToken cancel)
    {
        TensorInfo[] sample = [.. steps.SelectMany(s => s.Plan.Tensors).SelectMany(t => t.Sources).Where(t => t.Delta is null && File.Exists(t.File)).OrderByDescending(t => t.ByteLength).Take(8)];
        using var reader = new CheckpointReader();
        byte[] piece = new byte[PieceBytes];
        var clock = Stopwatch.StartNew();
        try
        {
            foreach (TensorInfo tensor in sample)
            {
                for (long at = 0; at < tensor.ByteLength && reader.BytesRead < SampleBytes; at += piece.Length)
                {
                    cancel.ThrowIfCancellationRequested();
                    reader.Read(tensor, at, piece.AsSpan(0, (int)Math.Min(piece.Length, tensor.ByteLength - at)));
                }
            }
        }
        catch (CabsException)
        {
            return null;
        }

        double bytes = steps.Sum(s => s.Plan.BytesToRead + s.Plan.Layout.TensorBytes);
        return reader.BytesRead == 0 ? null : TimeSpan.FromSeconds(bytes * clock.Elapsed.TotalSeconds / reader.BytesRead);
    }
}
