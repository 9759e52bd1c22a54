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
internal sealed class TensorPairing(MergeDefinition definition, VocabularyPlan? vocabulary)
{
    /// <summary>What the user may not have meant.</summary>
    public List<string> Warnings { get; } = [.. definition.Warnings];

    /// <summary>Rows that embeddings were cut to, where they were.</summary>
    public long? ShortestVocabulary { get; private set; }

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
        var found = new List<(Checkpoint Model, TensorInfo Tensor)>();
        if (inBase is { } own)
            found.Add((own.Model, main));
        var present = new List<InputScope>();
        for (int i = 0; i < inputs.Count && TakesPart(name); i++)
        {
            if (Pair(reference, main, inputs[i], scope.Inputs[i].Model) is not { } tensor)
                continue;
            found.Add((inputs[i].Model, tensor));
            present.Add(scope.Inputs[i]);
        }

        if (found.Count == 0)
            found.Add((reference.Model, main));
        IReadOnlyList<MappedTensor>? rows = vocabulary?.Map(name, found, Warnings);
        if (rows is null)
            found = FitVocabularies(name, found);
        else if (rows.All(r => r.IsIdentity))
            rows = null;
        return Decide(name, inBase is not null, [.. found.Select(f => f.Tensor)], rows, scope with { Inputs = present });
    }

    private TensorPlan Decide(string name, bool hasBase, IReadOnlyList<TensorInfo> found, IReadOnlyList<MappedTensor>? rows, TensorScope scope)
    {
        TensorInfo main = found[0];
        TensorInfo? inBase = hasBase ? main : null;
        IReadOnlyList<TensorInfo> inputs = hasBase ? [.. found.Skip(1)] : found;
        IReadOnlyList<long> shape = rows is null ? main.Shape : [rows[0].Count / rows[0].RowLength, .. main.Shape.Skip(1)];
        long count = rows is null ? main.Count : rows[0].Count;
        if (!main.Type.IsMergeable())
            return new TensorPlan(new OutputTensor(name, main.Type, main.Shape, main.Count), TensorAction.CopyIdentical, inBase, inputs, InDouble: false);
        DType promoted = found.Aggregate(main.Type, (type, input) => DTypes.Promote(type, input.Type));
        var plan = new TensorPlan(new OutputTensor(name, definition.OutputType ?? promoted, shape, count), TensorAction.Merge, inBase, inputs, promoted == DType.F64) { Rows = rows, Scope = scope };
        // a base alone, or too few models with the tensor, leave nothing to compute
        bool computes = scope.Inputs.Count > 0 && definition.Method.InputCount.Allows(scope.Inputs.Count) && !definition.Method.IsCopy(new TensorContext(definition, plan));
        if (computes)
            return plan;
        plan = plan with { Action = TensorAction.Copy, Base = main, Inputs = [], InDouble = main.Type == DType.F64, Rows = rows is null ? null : [rows[0]], Scope = TensorScope.Empty };
        return plan with { Output = plan.Output with { Type = definition.OutputType ?? main.Type } };
    }

    // only where it was asked for: the rows that all models have
    private List<(Checkpoint Model, TensorInfo Tensor)> FitVocabularies(string name, List<(Checkpoint Model, TensorInfo Tensor)> found)
    {
        TensorInfo main = found[0].Tensor;
        if (found.All(f => f.Tensor.Shape.SequenceEqual(main.Shape)))
            return found;
        if (!definition.TruncatesEmbeddings || !TiedWeights.IsVocabularyIndexed(name) || !found.All(f => f.Tensor.Shape.Skip(1).SequenceEqual(main.Shape.Skip(1))))
            throw ShapeMismatch(name, main, found.First(f => !f.Tensor.Shape.SequenceEqual(main.Shape)).Tensor);
        long shortest = found.Min(f => f.Tensor.Shape[0]);
        ShortestVocabulary = Math.Min(shortest, ShortestVocabulary ?? shortest);
        Warnings.Add($"tensor {Text.Quote(name)} is cut to the {shortest} rows that all models have");
        return [.. found.Select(f => (f.Model, f.Tensor with { Shape = [shortest, .. f.Tensor.Shape.Skip(1)], Count = f.Tensor.Count / f.Tensor.Shape[0] * shortest }))];
    }

    private TensorInfo? Pair(WantedTensor reference, TensorInfo main, WantedTensor wanted, ModelInput input)
    {
        if (wanted.Find() is not { } tensor)
        {
            if (!definition.SkipMissing)
                throw Lacks(wanted, reference);
            Warnings.Add($"{input.Name} lacks tensor {Text.Quote(wanted.Name)} and adds nothing there");
            return null;
        }

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
        string remedy = TiedWeights.IsVocabularyIndexed(name)
            ? definition.Tokenizer is null
                ? "the vocabularies differ: a 'tokenizer' key (such as 'tokenizer: {source: union}') fits them to each other, --unsafe-truncate-embeddings cuts them to the shortest"
                : "they differ in more than their rows, so they belong to different models"
            : "the models are not of one kind, or exclude the tensor to keep the former";
        return new CabsException(CabsError.TensorShapeMismatch, $"tensor {Text.Quote(name)} is {main.ShapeText} in {main.File} but {tensor.ShapeText} in {tensor.File}; {remedy}", name);
    }

    private bool TakesPart(string name) =>
        (definition.Include.Count == 0 || definition.Include.Any(p => Matches(p, name))) && !definition.Exclude.Any(p => Matches(p, name));

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
