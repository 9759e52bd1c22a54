using CabsPs.Engine.Diagnostics;

namespace CabsPs;

/// <summary>How a tensor of one model relates to the tensor of that name in another.</summary>
public enum TensorRelation
{
    /// <summary>No value differs by more than the tolerance.</summary>
    Equal,

    /// <summary>Values differ by more than the tolerance.</summary>
    Values,

    /// <summary>The shapes differ; values were not compared.</summary>
    Shape,

    /// <summary>The types have no common values to compare: a complex one and another.</summary>
    Type,

    /// <summary>Only the reference has it.</summary>
    OnlyInReference,

    /// <summary>Only the other model has it.</summary>
    OnlyInDifference,
}

/// <summary>The difference of one tensor between two models. The figures are null where no values were compared.</summary>
public sealed class ComparedTensor
{
    internal ComparedTensor(TensorDifference tensor)
    {
        Name = tensor.Name;
        Relation = (TensorRelation)tensor.Kind;
        ReferenceType = tensor.First?.Type.ToString();
        DifferenceType = tensor.Second?.Type.ToString();
        ReferenceShape = tensor.First is { } first ? [.. first.Shape] : null;
        DifferenceShape = tensor.Second is { } second ? [.. second.Shape] : null;
        (MaxDifference, MeanDifference, ChangedFraction, Count) = (tensor.Figures?.Maximum, tensor.Figures?.Mean, tensor.Figures?.ChangedShare, tensor.Figures?.Count ?? 0);
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>How the two relate.</summary>
    public TensorRelation Relation { get; }

    /// <summary>The largest absolute difference.</summary>
    public double? MaxDifference { get; }

    /// <summary>The mean absolute difference.</summary>
    public double? MeanDifference { get; }

    /// <summary>The share of values that differ by more than the tolerance.</summary>
    public double? ChangedFraction { get; }

    /// <summary>Values compared.</summary>
    public long Count { get; }

    /// <summary>The reference's element type, as safetensors names it.</summary>
    public string? ReferenceType { get; }

    /// <summary>The other model's element type.</summary>
    public string? DifferenceType { get; }

    /// <summary>The reference's dimensions.</summary>
    public long[]? ReferenceShape { get; }

    /// <summary>The other model's dimensions.</summary>
    public long[]? DifferenceShape { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>How two models differ, in total and per tensor.</summary>
public sealed class ModelComparison
{
    internal ModelComparison(ComparisonResult result)
    {
        ReferencePath = result.First.Path;
        DifferencePath = result.Second.Path;
        Tolerance = result.Tolerance;
        AreEqual = result.AreEqual;
        Tensors = [.. result.Tensors.Select(t => new ComparedTensor(t))];
        DifferentTensors = [.. Tensors.Where(t => t.Relation != TensorRelation.Equal)];
        (MaxDifference, MeanDifference, ChangedFraction, Count) = (result.Total.Maximum, result.Total.Mean, result.Total.ChangedShare, result.Total.Count);
    }

    /// <summary>The reference's full path.</summary>
    public string ReferencePath { get; }

    /// <summary>The other model's full path.</summary>
    public string DifferencePath { get; }

    /// <summary>True when both have the same tensors with the same shapes and values; types may differ.</summary>
    public bool AreEqual { get; }

    /// <summary>The largest absolute difference that counted as equal.</summary>
    public double Tolerance { get; }

    /// <summary>The largest absolute difference; infinite where a NaN faces a number.</summary>
    public double MaxDifference { get; }

    /// <summary>The mean absolute difference over all compared values.</summary>
    public double MeanDifference { get; }

    /// <summary>The share of compared values that differ by more than the tolerance.</summary>
    public double ChangedFraction { get; }

    /// <summary>Values compared.</summary>
    public long Count { get; }

    /// <summary>The tensors that are not equal.</summary>
    public ComparedTensor[] DifferentTensors { get; }

    /// <summary>All tensors of either model, in natural order of their names.</summary>
    public ComparedTensor[] Tensors { get; }

    /// <inheritdoc/>
    public override string ToString() => AreEqual ? "equal" : $"{DifferentTensors.Length} of {Tensors.Length} tensors differ";
}
