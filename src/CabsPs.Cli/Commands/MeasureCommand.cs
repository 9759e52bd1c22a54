using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs measure</c>: what a recipe would keep of its task vectors and how they meet.</summary>
internal sealed class MeasureCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs measure recipe.yml                            norm kept, overlap, sign conflicts, cosine, balance",
        "cabs measure recipe.yml --tensors                  tensor by tensor too",
        "cabs measure recipe.yml --json > measure.json",
        "cabs measure recipe.yml --study                    the recipe's models under CABS in every order",
        "cabs measure recipe.yml --study --shape 64:256 --shape 0.1:256 --orders 12",
    ];

    private readonly Argument<string> _recipe = new("RECIPE") { Description = "A recipe in YAML, of one document, with a base model." };
    private readonly Option<bool> _tensors = new("--tensors") { Description = "List every tensor too." };
    private readonly Option<string> _block = new("--block") { HelpName = "N", Description = "Look at balance over blocks of N weights; unless given m with CABS, and 256 otherwise." };
    private readonly Option<bool> _study = new("--study") { Description = "Compare CABS' assignments (none, joint, sequential in every order) over the recipe's models instead." };
    private readonly Option<string[]> _shapes = new("--shape") { HelpName = "N:M", Description = "With --study an n:m, or a share and m such as 0.1:256; may be repeated. 64:256 unless given." };
    private readonly Option<string[]> _assignments = new("--assignment") { HelpName = "NAME", Description = "With --study only these: none, joint, sequential; may be repeated." };
    private readonly Option<string> _orders = new("--orders") { HelpName = "N", Description = "With --study at most N orders, a sample by --seed where there are more; 24 unless given." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document, with all tensors, instead of tables and pictures." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "No progress." };
    private readonly MergeSettings _settings = new();
    private readonly Streams _streams;
    private readonly CancellationToken _cancel;

    public MeasureCommand(Streams streams, CancellationToken cancel)
        : base("measure", "Measure what a recipe keeps of its task vectors and how they meet; nothing is written.")
    {
        (_streams, _cancel) = (streams, cancel);
        Add(_recipe);
        foreach (Option option in new Option[] { _tensors, _block, _study, _shapes, _assignments, _orders }.Concat(_settings.Reading).Concat([_json, _quiet]))
            Add(option);
        SetAction(Run);
    }

    public IReadOnlyList<string> AllExamples => Examples;

    private int Run(ParseResult call)
    {
        MergeDefinition definition = _settings.Change(call)(Recipe.Read(call.GetRequiredValue(_recipe)), true);
        MergeOptions options = _settings.Options(call);
        bool quiet = call.GetValue(_quiet), json = call.GetValue(_json);
        if (call.GetValue(_study))
        {
            AssignmentStudy study = AssignmentStudy.Create(definition, Study(call), options, _cancel);
            StudyResult compared = ProgressBar.Watch(_streams, quiet, () => study.Progress, () => study.Execute(_cancel));
            Warn(compared.Warnings);
            if (json)
                MeasureJson.Write(_streams, compared);
            else
                MeasureReport.Write(_streams, compared);
            return ExitCode.Success;
        }

        if (new Option[] { _shapes, _assignments, _orders }.FirstOrDefault(o => call.GetResult(o) is { Implicit: false }) is { } idle)
            throw new CabsException(CabsError.ParameterInvalid, $"{idle.Name} says something only with --study", idle.Name);
        TaskVectorMeasurement measurement = TaskVectorMeasurement.Create(definition, options, OptionValues.Count(call, _block), _cancel);
        Warn(measurement.Warnings);
        MeasureResult result = ProgressBar.Watch(_streams, quiet, () => measurement.Progress, () => measurement.Execute(_cancel));
        if (json)
            MeasureJson.Write(_streams, result);
        else
            MeasureReport.Write(_streams, result, call.GetValue(_tensors));
        return ExitCode.Success;
    }

    private StudyOptions Study(ParseResult call)
    {
        var options = new StudyOptions { Seed = _settings.Seed(call), MaxOrders = OptionValues.Count(call, _orders) ?? new StudyOptions().MaxOrders };
        if (call.GetValue(_shapes) is { Length: > 0 } shapes)
            options = options with { Shapes = [.. shapes.Select(s => BlockShape.TryParse(s, out BlockShape shape) ? shape : throw OptionValues.Wrong(_shapes, s, "n:m such as 64:256, or a share and m such as 0.1:256"))] };
        if (call.GetValue(_assignments) is { Length: > 0 } assignments)
            options = options with { Assignments = assignments };
        return options;
    }

    private void Warn(IReadOnlyList<string> warnings)
    {
        foreach (string warning in warnings)
            _streams.Message($"warning: {warning}");
    }
}
