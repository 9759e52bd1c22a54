using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Merging.Methods;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Steps;

/// <summary>Singular value calibration: in every direction of a merged matrix, what the tasks share is counted once. With U S V its singular value decomposition and
/// aᵢ = uᵀδᵢ, a = uᵀ·merged, the share is sᵢ = ⟨a, aᵢ⟩/‖aᵢ‖², and the singular value is multiplied by T / Σ max(α, sᵢ).</summary>
public sealed class Svc : PostMethod
{
    private const double SmallestEnergy = 1e-12;
    private static readonly MethodParameter s_alpha = new("alpha", ParameterKind.Number, ParameterScope.Global, "The least that a task's share counts; below 1, a direction can grow up to 1/alpha-fold.") { Default = 1.0, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "svc";

    /// <inheritdoc/>
    public override string Summary => "shrinks the singular values of merged matrices where tasks add up to more than each of them";

    /// <inheritdoc/>
    public override string Source => "Singular Value Calibration (arXiv 2602.05536); details as in FusionBench";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_alpha];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, PostStep step, TensorKernel<T> merged, IKernels<T> kernels)
    {
        RequireBase(context);
        MergeDefinition definition = context.Model.Definition;
        string? flat = definition.Method is IsoC or IsoCts ? $"method {definition.Method.Name}" : definition.Post.TakeWhile(s => !ReferenceEquals(s, step)).Any(s => s.Method is Isotropic) ? "step isotropic" : null;
        if (flat is not null)
            throw new CabsException(CabsError.RecipeInvalid, $"{(definition.Origin is { } origin ? $"{origin}: " : string.Empty)}step {Name} after {flat}: all singular values are equal there, so their directions are arbitrary; leave one of the two out", Name);
        double alpha = (double)context.Value(s_alpha, step.Parameters);
        if (alpha == 0)
            throw new CabsException(CabsError.ParameterInvalid, $"'alpha' of step {Name} is 0; give a number above 0, such as 0.1", s_alpha.Name);
        if (context.Shape.Count != 2)
            return merged;
        int[] inputs = [.. Enumerable.Range(0, context.Inputs.Count).Where(i => context.Inputs[i].Contributes)];
        // a model that lacks the tensor has no share in it
        int lacking = context.ModelCount - context.Inputs.Count;
        return new MatrixStepKernel<T>(context, merged, inputs, MatrixMethod.SvdBytes(context.Shape[0], context.Shape[1]) + (2 * sizeof(double) * context.Count), (task, sum) => Calibrate(task, sum, alpha, lacking));
    }

    // neighbours a millionth of the largest apart: of random matrices few are
    private static bool AreMostlyEqual(double[] values)
    {
        int equal = 0;
        for (int i = 1; i < values.Length; i++)
            equal += values[i] > MatrixTask.NoiseShare * values[0] && values[i - 1] - values[i] < 1e-6 * values[0] ? 1 : 0;
        return equal > values.Length / 10;
    }

    private static Matrix Calibrate(MatrixTask task, Matrix sum, double alpha, int lacking)
    {
        ThinSvd svd = task.Algebra.Svd(sum);
        if (AreMostlyEqual(svd.S))
            task.Note("many singular values of the merged matrix are equal within rounding, so that the directions svc calibrates are arbitrary; leave the step out there");
        double[] shares = [.. svd.S.Select(_ => lacking * alpha)];
        Matrix whole = task.Algebra.Multiply(svd.U, sum, Transposed.First);
        foreach (Matrix delta in task.Inputs)
        {
            task.Pause();
            Matrix own = task.Algebra.Multiply(svd.U, delta, Transposed.First);
            for (int r = 0; r < shares.Length; r++)
            {
                double product = 0, energy = 0;
                ReadOnlySpan<double> a = whole.Row(r), b = own.Row(r);
                for (int j = 0; j < a.Length; j++)
                    (product, energy) = (product + (a[j] * b[j]), energy + (b[j] * b[j]));
                shares[r] += Math.Max(alpha, product / Math.Max(energy, SmallestEnergy));
            }
        }

        int tasks = task.Inputs.Count + lacking;
        svd.U.ScaleColumns([.. svd.S.Zip(shares, (s, share) => s * tasks / share)]);
        return task.Algebra.Multiply(svd.U, svd.V);
    }
}
