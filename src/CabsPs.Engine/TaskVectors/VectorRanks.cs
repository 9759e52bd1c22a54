using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Finds the magnitudes that divide what task vectors keep of the whole model from what they drop.</summary>
public sealed class VectorRanks : ModelMeasure
{
    private readonly ModelRankSearch?[] _searches;

    private VectorRanks(ModelRankSearch?[] searches) => _searches = searches;

    /// <inheritdoc/>
    public override int Sweeps => Searches.Max(s => s.Sweeps);

    /// <inheritdoc/>
    public override long BytesPerThread => Searches.Sum(s => s.BytesPerThread);

    private IEnumerable<ModelRankSearch> Searches => _searches.OfType<ModelRankSearch>();

    /// <summary>The measure that the sparsifiers of a merge need, or null.</summary>
    /// <param name="model">The merged tensors.</param>
    public static VectorRanks? For(ModelContext model)
    {
        var searches = new ModelRankSearch?[model.Definition.Inputs.Count];
        foreach (SparsifierGroup group in model.Definition.Groups)
        {
            foreach (int vector in group.Members)
            {
                if (group.Sparsifier.ModelRanks(model, group, vector) is { } ranks)
                    searches[vector] = new ModelRankSearch(ranks, model.Count, model.AnyDouble, placesTies: true);
            }
        }

        return searches.Any(s => s is not null) ? new VectorRanks(searches) : null;
    }

    /// <summary>The search of one vector, a member of a group that has ranks.</summary>
    public ModelRankSearch SearchOf(int vector) => _searches[vector]!;

    /// <inheritdoc/>
    public override bool Covers(int sweep, TensorContext tensor) =>
        Searches.Any(s => s.Covers(sweep, tensor.Model.StartOf(tensor), tensor.Count));

    /// <inheritdoc/>
    public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) => new Probe<T>(this, sweep, tensor);

    /// <inheritdoc/>
    public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
    {
        foreach (ModelRankSearch search in Searches.Where(s => sweep < s.Sweeps))
            search.Complete(sweep);
    }

    internal sealed class Probe<T>(VectorRanks ranks, int sweep, TensorContext tensor) : TensorProbe<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public (int Input, ModelRankSearch Search)[] Searches => _searches;

        public int Sweep => sweep;

        public long Start => _start;

        private readonly long _start = tensor.Model.StartOf(tensor);
        private readonly (int Input, ModelRankSearch Search)[] _searches =
            [.. Enumerable.Range(0, tensor.Inputs.Count).Where(i => ranks._searches[tensor.VectorOf(i)] is { } s && sweep < s.Sweeps).Select(i => (i, ranks.SearchOf(tensor.VectorOf(i))))];

        public override bool WantsDeltas => true;

        public override int MeasuringPasses => 1;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            foreach ((int input, ModelRankSearch search) in _searches)
                search.Measure<T>(sweep, tile.Input(input), _start + tile.Start);
        }
    }
}
