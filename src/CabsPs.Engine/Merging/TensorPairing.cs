using System.IO.Enumeration;
using CabsPs.Engine.Checkpoints;

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
internal sealed class TensorPairing(MergeDefinition definition, List<string> warnings)
{
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
            return Copy(name, main);
        var found = new List<TensorInfo>();
        var present = new List<InputScope>();
        for (int i = 0; i < inputs.Count; i++)
        {
            if (Pair(reference, main, inputs[i], scope.Inputs[i].Model) is not { } tensor)
                continue;
            found.Add(tensor);
            present.Add(scope.Inputs[i]);
        }

        TensorInfo? own = inBase is null ? null : main;
        if (!main.Type.IsMergeable())
            return new TensorPlan(new OutputTensor(name, main.Type, main.Shape, main.Count), TensorAction.CopyIdentical, own, found, InDouble: false);
        if (found.Count == 0 || !definition.Method.InputCount.Allows(found.Count))
            return Copy(name, own ?? found[0]);
        DType promoted = found.Aggregate(main.Type, (type, input) => DTypes.Promote(type, input.Type));
        var plan = new TensorPlan(new OutputTensor(name, definition.OutputType ?? promoted, main.Shape, main.Count), TensorAction.Merge, own, found, promoted == DType.F64) { Scope = scope with { Inputs = present } };
        return definition.Method.IsCopy(new TensorContext(definition, plan)) ? Copy(name, found[0]) : plan;
    }

    private TensorPlan Copy(string name, TensorInfo source)
    {
        DType type = source.Type.IsMergeable() ? definition.OutputType ?? source.Type : source.Type;
        return new TensorPlan(new OutputTensor(name, type, source.Shape, source.Count), TensorAction.Copy, source, [], source.Type == DType.F64);
    }

    private TensorInfo? Pair(WantedTensor reference, TensorInfo main, WantedTensor wanted, ModelInput input)
    {
        if (wanted.Find() is not { } tensor)
        {
            if (!definition.SkipMissing)
                throw Lacks(wanted, reference);
            warnings.Add($"{input.Name} lacks tensor {Text.Quote(wanted.Name)} and adds nothing there");
            return null;
        }

        if (!tensor.Shape.SequenceEqual(main.Shape))
            throw ShapeMismatch(wanted.Name, main, tensor);
        if (tensor.Type != main.Type && !(tensor.Type.IsMergeable() && main.Type.IsMergeable()))
            throw new CabsException(CabsError.TensorTypeMismatch, $"tensor {Text.Quote(wanted.Name)} is {main.Type} in {main.File} but {tensor.Type} in {tensor.File}; exclude it to keep the former", wanted.Name);
        return tensor;
    }

    private static CabsException Lacks(WantedTensor wanted, WantedTensor? reference) =>
        new(CabsError.TensorMissing, reference is { } known
            ? $"{wanted.Model.Path}: lacks tensor {Text.Quote(wanted.Name)} of {known.Model.Path}; use 'missing: skip' to let it add nothing there, or exclude the tensor"
            : $"{wanted.Model.Path}: lacks tensor {Text.Quote(wanted.Name)}, which the recipe needs", wanted.Name);

    private static CabsException ShapeMismatch(string name, TensorInfo main, TensorInfo tensor)
    {
        string remedy = TiedWeights.IsVocabularyIndexed(name)
            ? "the vocabularies differ: merge models with the same tokenizer, or exclude the tensor to keep the former"
            : "the models are not of one kind, or exclude the tensor to keep the former";
        return new CabsException(CabsError.TensorShapeMismatch, $"tensor {Text.Quote(name)} is {main.ShapeText} in {main.File} but {tensor.ShapeText} in {tensor.File}; {remedy}", name);
    }

    private bool TakesPart(string name) =>
        (definition.Include.Count == 0 || definition.Include.Any(p => Matches(p, name))) && !definition.Exclude.Any(p => Matches(p, name));

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
