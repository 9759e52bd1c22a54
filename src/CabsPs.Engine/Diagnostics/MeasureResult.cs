using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Diagnostics;

/// <summary>How far a measurement may look: at one tensor, at the tensors of one layer, at all.</summary>
public enum PartKind
{
    /// <summary>One tensor.</summary>
    Tensor,

    /// <summary>The tensors of one layer, or those outside the layers.</summary>
    Layer,

    /// <summary>All tensors.</summary>
    Total,
}

/// <summary>How evenly a mask is spread: coefficients of variation (standard deviation over mean, of the whole population) of the share kept. 0 means
/// that every part keeps the same share; null that there are no two such parts, or that nothing is kept.</summary>
/// <param name="Blocks">Over complete blocks of consecutive weights: of m with CABS, of 256 otherwise, unless the measurement was told.</param>
/// <param name="Rows">Over rows (the last axis) of tensors of two dimensions or more.</param>
/// <param name="Layers">Over layers, whichever stack they belong to; null for a tensor or a layer.</param>
public sealed record Balance(double? Blocks, double? Rows, double? Layers);

/// <summary>What a mask leaves of one task vector in one part of a model.</summary>
/// <param name="Name">The vector's name.</param>
/// <param name="Count">Weights of the part that the vector has.</param>
/// <param name="Kept">Weights kept; all of them for a dense vector.</param>
/// <param name="Energy">Σδ².</param>
/// <param name="EnergyKept">Σδ² of what is kept.</param>
/// <param name="Balance">How evenly it is kept.</param>
public sealed record MeasuredVector(string Name, long Count, long Kept, double Energy, double EnergyKept, Balance Balance)
{
    /// <summary>Weights kept, as a share of all.</summary>
    public double Density => Count == 0 ? 0 : Kept / (double)Count;

    /// <summary>‖δ‖.</summary>
    public double Norm => Math.Sqrt(Energy);

    /// <summary>‖masked δ‖ / ‖δ‖; 0 for a vector of zeros.</summary>
    public double NormKept => Energy == 0 ? 0 : Math.Sqrt(EnergyKept / Energy);
}

/// <summary>How two task vectors meet in one part of a model: over the tensors that both have.</summary>
/// <param name="First">The first vector's name.</param>
/// <param name="Second">The second vector's name.</param>
/// <param name="KeptByFirst">Weights the first one keeps.</param>
/// <param name="KeptBySecond">Weights the second one keeps.</param>
/// <param name="Shared">Weights both keep.</param>
/// <param name="SignConflicts">Of these the weights whose deltas have opposite signs; a zero conflicts with nothing.</param>
/// <param name="Cosine">δ₁·δ₂ / ‖δ₁‖‖δ₂‖ of the whole task vectors; 0 where one is all zeros.</param>
/// <param name="CosineKept">The same of what is kept; 0 where the masks share nothing.</param>
public sealed record MeasuredPair(string First, string Second, long KeptByFirst, long KeptBySecond, long Shared, long SignConflicts, double Cosine, double CosineKept)
{
    /// <summary>Shared weights / weights either keeps.</summary>
    public double Jaccard => Ratio(Shared, KeptByFirst + KeptBySecond - Shared);

    /// <summary>Shared weights / weights of the smaller mask.</summary>
    public double ShareOfSmaller => Ratio(Shared, Math.Min(KeptByFirst, KeptBySecond));

    /// <summary>Sign conflicts / shared weights.</summary>
    public double ConflictShare => Ratio(SignConflicts, Shared);

    private static double Ratio(long part, long whole) => whole == 0 ? 0 : part / (double)whole;
}

/// <summary>The figures of one part of a model.</summary>
/// <param name="Kind">What part.</param>
/// <param name="Name">The tensor's name, the layer's (<c>model.layers.3</c>), <see cref="OutsideLayers"/> or <see cref="Whole"/>.</param>
/// <param name="Layer">The layer's number; null outside the layers and for the total.</param>
/// <param name="Count">Weights.</param>
/// <param name="Vectors">Per task vector that has weights here, in the order of the models.</param>
/// <param name="Pairs">Per pair of them: first with second, first with third, … second with third.</param>
public sealed record MeasuredPart(PartKind Kind, string Name, int? Layer, long Count, IReadOnlyList<MeasuredVector> Vectors, IReadOnlyList<MeasuredPair> Pairs)
{
    /// <summary>The name of the part that holds all tensors outside the layers.</summary>
    public const string OutsideLayers = "(outside the layers)";

    /// <summary>The name of the part that holds all tensors.</summary>
    public const string Whole = "(total)";

    /// <summary>One figure of all pairs as a symmetric matrix over <see cref="Vectors"/>; NaN for pairs without a common tensor.</summary>
    /// <param name="figure">Which figure.</param>
    /// <param name="diagonal">What a vector has with itself.</param>
    public double[,] Matrix(Func<MeasuredPair, double> figure, double diagonal = 1)
    {
        var matrix = new double[Vectors.Count, Vectors.Count];
        for (int a = 0; a < Vectors.Count; a++)
        {
            for (int b = 0; b < Vectors.Count; b++)
            {
                matrix[a, b] = a == b ? diagonal
                    : Pairs.FirstOrDefault(p => (p.First == Vectors[a].Name && p.Second == Vectors[b].Name) || (p.First == Vectors[b].Name && p.Second == Vectors[a].Name)) is { } pair ? figure(pair)
                    : double.NaN;
            }
        }

        return matrix;
    }
}

/// <summary>What a merge would keep of its task vectors and how they meet, measured before anything is written.</summary>
public sealed record MeasureResult
{
    /// <summary>The base model's full path.</summary>
    public required string BasePath { get; init; }

    /// <summary>The method of the recipe; null for task vectors.</summary>
    public required string? Method { get; init; }

    /// <summary>Names of the task vectors, in the order of the models.</summary>
    public required IReadOnlyList<string> Vectors { get; init; }

    /// <summary>Per task vector how it is sparsified, such as <c>cabs 64:256 sequential</c>; null for a dense one.</summary>
    public required IReadOnlyList<string?> Sparsifications { get; init; }

    /// <summary>All merged tensors as one.</summary>
    public required MeasuredPart Total { get; init; }

    /// <summary>Layer by layer, and last the tensors outside the layers; parts without weights are not listed.</summary>
    public required IReadOnlyList<MeasuredPart> Layers { get; init; }

    /// <summary>Tensor by tensor, in the order of their names.</summary>
    public required IReadOnlyList<MeasuredPart> Tensors { get; init; }

    /// <summary>Tensors of experts that a merge would leave out.</summary>
    public required IReadOnlyList<LeftOutTensor> LeftOut { get; init; }

    /// <summary>What the user may not have meant.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Wall time.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes read from the models.</summary>
    public required long BytesRead { get; init; }

    /// <summary>The process's largest resident size so far, in bytes.</summary>
    public required long PeakMemory { get; init; }

    /// <summary>Threads used.</summary>
    public required int Threads { get; init; }
}
