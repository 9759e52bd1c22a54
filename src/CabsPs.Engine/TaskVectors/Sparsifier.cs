using System.Globalization;
using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>A way to choose which weights of some task vectors stay.</summary>
public abstract class Sparsifier
{
    /// <summary>Over blocks of how many weights balance is looked at where nothing says otherwise.</summary>
    public const int DefaultBalanceBlock = 256;

    /// <summary>The name in recipes and on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>The parameters it takes.</summary>
    public abstract IReadOnlyList<MethodParameter> Parameters { get; }

    /// <summary>Reads values for a whole group.</summary>
    /// <param name="values">Names and values: numbers, booleans, or text as a recipe writes it.</param>
    /// <exception cref="CabsException">A name is unknown or a value cannot be.</exception>
    public virtual ParameterSet ParametersOf(params IEnumerable<(string Name, object Value)> values) => ParameterSet.Of($"sparsifier {Name}", Parameters, values);

    /// <summary>A few words on what a group does, such as <c>cabs 64:256 sequential</c>.</summary>
    public virtual string Describe(ParameterSet parameters) =>
        string.Join(' ', [Name, .. parameters.Names.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n}={parameters.Find(n, string.Empty, 0)}"))]);

    /// <summary>Ranks of a vector's magnitudes among all its weights in the model that its masks are made from, counted from 1, the largest;
    /// null where they are made tensor by tensor.</summary>
    /// <param name="model">The merged tensors.</param>
    /// <param name="group">The group.</param>
    /// <param name="vector">The member: one of the definition's inputs.</param>
    public virtual IReadOnlyList<long>? ModelRanks(ModelContext model, SparsifierGroup group, int vector) => null;

    /// <summary>Over blocks of how many weights the balance of a member is looked at, unless a measurement is told.</summary>
    /// <param name="context">The tensor and its parameter values.</param>
    /// <param name="group">The group.</param>
    /// <param name="member">The member.</param>
    public virtual int BalanceBlock(TensorContext context, SparsifierGroup group, int member) => DefaultBalanceBlock;

    /// <summary>Makes the computation for one tensor of one group.</summary>
    /// <param name="context">The tensor and its parameter values.</param>
    /// <param name="group">The group; members that lack the tensor are left out of it.</param>
    /// <param name="kernels">The arithmetic.</param>
    public abstract SparsifierKernel<T> Bind<T>(TensorContext context, SparsifierGroup group, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>The masks of one group on one tensor.</summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract class SparsifierKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Indexes of the inputs masked.</summary>
    public abstract IReadOnlyList<int> Members { get; }

    /// <summary>Pieces must begin at multiples of this many elements.</summary>
    public abstract int BlockLength { get; }

    /// <summary>What a member's delta is multiplied by besides its weight; known when the passes have ended.</summary>
    public virtual double FactorOf(int member) => 1;

    /// <summary>‖δ‖² of a member before anything was dropped, where the deltas that come no longer hold it; null where they do.</summary>
    public virtual double? EnergyOf(int member) => null;

    /// <summary>Passes over the deltas needed before masks can be made. May grow when a pass ends.</summary>
    public virtual int MeasuringPasses => 0;

    /// <summary>A pass needs one part in this many of every piece; 1 where it needs all.</summary>
    public virtual int StrideOf(int pass) => 1;

    /// <summary>Sums a pass collects.</summary>
    public virtual int SumCount(int pass) => 0;

    /// <summary>Measures a piece whose inputs are deltas.</summary>
    public virtual void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
    }

    /// <summary>Whether <see cref="MakeMasks"/> looks at the deltas.</summary>
    internal virtual bool ReadsDeltas => true;

    /// <summary>Measures a piece from stored weights of one type, where no delta is read to make masks.</summary>
    /// <returns>False when it was not done; the sums are garbage then.</returns>
    internal virtual bool TryMeasureStored(int pass, Tile<T> room, StoredTile stored, Span<double> sums) => false;

    /// <summary>See <see cref="TensorProbe{T}.WishedBytes"/>.</summary>
    internal virtual long WishedBytes => 0;

    /// <summary>Bytes of masks that are kept.</summary>
    internal virtual long KeptBytes => 0;

    /// <summary>See <see cref="TensorProbe{T}.Keep"/>.</summary>
    internal virtual void Keep()
    {
    }

    /// <summary>Lets go of masks that were kept.</summary>
    internal virtual void Release()
    {
    }

    /// <summary>The rank searches among members' deltas that a pass consists of; null where it needs the deltas for more.</summary>
    internal virtual IEnumerable<(int Input, RankSearch<T> Search)>? SearchesOf(int pass) => null;

    /// <summary>See <see cref="MaskGroups{T}.TryLimits"/>.</summary>
    internal virtual bool TryLimits(long start, Span<int> limits) => false;

    /// <summary>Receives the sums of a pass.</summary>
    public virtual void Complete(int pass, ReadOnlySpan<double> totals)
    {
    }

    /// <summary>Fills the members' masks of a piece whose inputs are deltas.</summary>
    public abstract void MakeMasks(Tile<T> tile);
}
