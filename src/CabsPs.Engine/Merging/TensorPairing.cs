using System.IO.Enumeration;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>A tensor of a model as a merge asks for it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Name">The tensor's name there.</param>
internal readonly record struct WantedTensor(Checkpoint Model, string Name)
{
    /// <summary>The tensor; for an output head that is tied, the embedding; null when the model lacks it.</summary>
    public TensorInfo? Find() => Model.Find(Name) ?? (Name == TiedWeights.Head && Model.TiesEmbeddings ? TiedWeights.FindEmbedding(Model) : null);
}

/// <summary>Pairs the tensors of several models and decides what happens to each, or refuses what does not fit together.</summary>
internal sealed class TensorPairing(MergeDefinition definition, IVocabularyFit? fit, List<string> warnings)
{
    private readonly StatisticFiles _statistics = new();

    /// <summary>Decides on one tensor of the result.</summary>
    /// <param name="name">Its name in the result.</param>
    /// <param name="inBase">Where the base has it; null without a base.</param>
    /// <param name="inputs">Where the models have it, in order.</param>
    /// <param name="scope">Where its parameters stand.</param>
    /// <exception cref="CabsException">A model lacks the tensor, or has another shape or kind.</exception>
    public TensorPlan Plan(string name, WantedTensor? inBase, IReadOnlyList<WantedTensor> inputs, TensorScope scope)
    {
        WantedTensor reference = inBase ?? inputs[0];
        TensorInfo main = reference.Find() ?? throw Lacks(reference, null);
        if (!TakesPart(name))
            return Copy(name, reference.Model, main, Covers(name, [reference]));
        bool fits = Covers(name, [reference, .. inputs]);
        var found = new List<TensorInfo>();
        var present = new List<InputScope>();
        var models = new List<Checkpoint>();
        for (int i = 0; i < inputs.Count; i++)
        {
            if (Pair(reference, main, inputs[i], scope.Inputs[i].Model, fits) is not { } tensor)
                continue;
            found.Add(tensor);
            present.Add(scope.Inputs[i]);
            models.Add(inputs[i].Model);
        }

        TensorInfo? own = inBase is null ? null : main;
        if (!main.Type.IsMergeable())
            return new TensorPlan(new OutputTensor(name, main.Type, main.Shape, main.Count), TensorAction.CopyIdentical, own, found, InDouble: false);
        if (found.Count == 0 || !definition.Method.InputCount.Allows(found.Count))
            return Copy(name, own is null ? models[0] : reference.Model, own ?? found[0], fits);
        DType promoted = found.Aggregate(main.Type, (type, input) => DTypes.Promote(type, input.Type));
        var plan = new TensorPlan(Output(name, definition.OutputType ?? promoted, main, fits), TensorAction.Merge, own, found, promoted == DType.F64) { Scope = scope with { Inputs = present } };
        plan = WithStatistics(plan);
        if (definition.Post.Count == 0 && definition.Method.IsCopy(new TensorContext(definition, plan)))
            return Copy(name, models[0], found[0], fits);
        if (!fits)
            return plan;
        IReadOnlyList<(Checkpoint, TensorInfo)> merged = [.. models.Zip(found)];
        IReadOnlyList<MappedTensor?> rows = fit!.Map(name, own is null ? merged : [(reference.Model, own), .. merged]);
        if (plan.Statistics.Count > 0 && rows.Any(r => r is not null))
            throw new CabsException(CabsError.StatisticInvalid, $"tensor {Text.Quote(name)} gets other rows from the tokenizer, and its statistics do not; exclude it, or merge before changing vocabularies", name);
        plan = plan with { InDouble = plan.InDouble || rows.Any(r => r?.ReadsDouble == true) };
        return own is null ? plan with { InputRows = rows } : plan with { BaseRows = rows[0], InputRows = [.. rows.Skip(1)] };
    }

    private TensorPlan WithStatistics(TensorPlan plan)
    {
        if (definition.Method.Statistic is not { } parameter)
            return plan;
        IReadOnlyList<TensorInfo> found = _statistics.For(new TensorContext(definition, plan), parameter);
        return plan with { Statistics = found, InDouble = plan.InDouble || found.Any(f => f.Type == DType.F64) };
    }

    private TensorPlan Copy(string name, Checkpoint model, TensorInfo source, bool fits)
    {
        DType type = source.Type.IsMergeable() ? definition.OutputType ?? source.Type : source.Type;
        var plan = new TensorPlan(Output(name, type, source, fits), TensorAction.Copy, source, [], source.Type == DType.F64);
        if (!fits)
            return plan;
        MappedTensor? rows = fit!.Map(name, [(model, source)])[0];
        return plan with { BaseRows = rows, InDouble = plan.InDouble || rows?.ReadsDouble == true };
    }

    private OutputTensor Output(string name, DType type, TensorInfo source, bool fits)
    {
        if (!fits)
            return new OutputTensor(name, type, source.Shape, source.Count);
        int rows = fit!.RowsOf(name);
        return new OutputTensor(name, type, VocabularyTensors.WithRows(source, rows), source.Count / VocabularyTensors.RowCount(source) * rows);
    }

    private bool Covers(string name, IReadOnlyList<WantedTensor> wanted)
    {
        if (fit is null)
            return false;
        (Checkpoint, TensorInfo)[] found = [.. wanted.Distinct().Select(w => (w.Model, Tensor: w.Find())).Where(w => w.Tensor is not null).Select(w => (w.Model, w.Tensor!))];
        return found.All(f => f.Item2.Type.IsMergeable()) && fit.Covers(name, found);
    }

    private static bool HaveSameShape(TensorInfo a, TensorInfo b, bool fits) =>
        fits ? a.Shape.Count == b.Shape.Count && VocabularyTensors.WithRows(a, 0).SequenceEqual(VocabularyTensors.WithRows(b, 0)) : a.Shape.SequenceEqual(b.Shape);

    private TensorInfo? Pair(WantedTensor reference, TensorInfo main, WantedTensor wanted, ModelInput input, bool fits)
    {
        if (wanted.Find() is not { } tensor)
        {
            if (!definition.SkipMissing)
                throw Lacks(wanted, reference);
            warnings.Add($"{input.Name} lacks tensor {Text.Quote(wanted.Name)} and adds nothing there");
            return null;
        }

        if (!HaveSameShape(tensor, main, fits))
            throw ShapeMismatch(wanted.Name, main, tensor);
        if (tensor.Type != main.Type && !(tensor.Type.IsMergeable() && main.Type.IsMergeable()))
            throw new CabsException(CabsError.TensorTypeMismatch, $"tensor {Text.Quote(wanted.Name)} is {main.Type} in {main.File} but {tensor.Type} in {tensor.File}; exclude it to keep the former", wanted.Name);
        return tensor;
    }

    private static CabsException Lacks(WantedTensor wanted, WantedTensor? reference) =>
        new(CabsError.TensorMissing, reference is { } known
            ? $"{wanted.Model.Path}: lacks tensor {Text.Quote(wanted.Name)} of {known.Model.Path}; use 'missing: skip' to let it add nothing there, or exclude the tensor"
            : $"{wanted.Model.Path}: lacks tensor {Text.Quote(wanted.Name)}, which the recipe needs", wanted.Name);

    private CabsException ShapeMismatch(string name, TensorInfo main, TensorInfo tensor)
    {
        string remedy = VocabularyTensors.IsName(name) || VocabularyTensors.IsName(tensor.Name)
            ? definition.Tokenizer is null
                ? "the vocabularies differ: a 'tokenizer' key (such as 'tokenizer: {source: union}') fits them to each other, --unsafe-truncate-embeddings cuts them to the shortest"
                : "they differ in more than their rows, so they belong to different models"
            : "the models are not of one kind, or exclude the tensor to keep the former";
        return new CabsException(CabsError.TensorShapeMismatch, $"tensor {Text.Quote(name)} is {main.ShapeText} in {main.File} but {tensor.ShapeText} in {tensor.File}; {remedy}", name);
    }

    /// <summary>Whether include and exclude let a tensor be merged.</summary>
    public bool TakesPart(string name) =>
        (definition.Include.Count == 0 || definition.Include.Any(p => Matches(p, name))) && !definition.Exclude.Any(p => Matches(p, name));

    /// <summary>Whether a wildcard fits a name.</summary>
    public static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
