using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Task arithmetic: the base plus weighted task vectors, dense or however they were sparsified before.</summary>
public class TaskArithmetic : TaskVectorMethod
{
    private static readonly MethodParameter s_overlap = new("overlap", ParameterKind.Choice, ParameterScope.Global, "Where several masks keep the same position: sum adds the terms, ties averages those that agree with the sign of their sum.") { Default = "sum", Words = ["sum", "ties"] };

    /// <summary>Creates the method.</summary>
    public TaskArithmetic()
        : this("task_arithmetic", null)
    {
    }

    /// <summary>Creates a method that differs in its sparsifier alone.</summary>
    /// <param name="name">Its name in recipes.</param>
    /// <param name="sparsifier">How the vectors are sparsified.</param>
    protected TaskArithmetic(string name, Sparsifier? sparsifier)
        : base(name, sparsifier, ConflictRule.Add, normalize: false, s_overlap)
    {
    }

    /// <inheritdoc/>
    public override string Summary => "base + λ · Σ weight · (expert − base)";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ weight · δ";

    /// <inheritdoc/>
    public override string Source => "Ilharco et al., Editing Models with Task Arithmetic, ICLR 2023";

    /// <inheritdoc/>
    protected override ConflictRule ConflictsOf(TensorContext context) =>
        (string)context.Value(s_overlap) == "ties" ? ConflictRule.ElectWhereMasksMeet : ConflictRule.Add;
}
