using System.Collections.Concurrent;
using System.IO.MemoryMappedFiles;
using System.Numerics;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Search;

/// <summary>The masks of a merge, made once and kept in a file (a bit per weight and vector), for merges that differ in weights alone. A merge with stored
/// masks gives the same bytes as one that makes them.</summary>
internal sealed unsafe class StoredMasks : IDisposable
{
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _bytes;

    private StoredMasks(MergeDefinition definition, MergeOptions options, string path, CancellationToken cancel)
    {
        var method = new StoringMethod(this);
        // planning binds every tensor once, and that says how much room its masks take
        MergePlan plan = MergePlanner.Plan(definition with { Method = method, Post = [] }, options, cancel);
        try
        {
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Math.Max(1, ByteLength));
            _view = _file.CreateViewAccessor();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{path}: cannot be written: {e.Message}", path, e);
        }

        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        new MergeRun(plan).MeasureOnly(cancel);
    }

    /// <summary>Bytes of the file.</summary>
    public long ByteLength { get; private set; }

    /// <summary>Makes and stores the masks of a merge; null where nothing is sparsified.</summary>
    /// <param name="definition">The merge.</param>
    /// <param name="options">Threads and memory.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancel">Stops within a piece.</param>
    /// <exception cref="CabsException">An input cannot be read or the file not be written.</exception>
    public static StoredMasks? Create(MergeDefinition definition, MergeOptions options, string path, CancellationToken cancel) =>
        definition.Groups.Count == 0 ? null : new StoredMasks(definition, options, path, cancel);

    /// <summary>The merge with the stored masks in place of its sparsifiers.</summary>
    public MergeDefinition Apply(MergeDefinition definition) =>
        definition with { Groups = [.. definition.Groups.Select(g => g with { Sparsifier = new Stored(this, g.Sparsifier) })] };

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes is not null)
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _bytes = null;
        _view.Dispose();
        _file.Dispose();
    }

    private Place Reserve(string tensor, long count, int block, int members)
    {
        lock (_lock)
        {
            if (_places.TryGetValue(tensor, out Place? known))
                return known;
            int tile = (int)Math.Max(1, Math.Min(MemoryBudget.TileFor(block), count));
            int bytes = BitMask.WordCount(tile) * sizeof(ulong);
            var place = new Place(ByteLength, tile, bytes, block, members, new ConcurrentDictionary<int, double>());
            ByteLength += (count + tile - 1) / tile * bytes * members;
            _places.Add(tensor, place);
            return place;
        }
    }

    // masks lie tile by tile, each in whole words, the members of a tile side by side
    private Span<ulong> At(Place place, int member, long start, int words) =>
        new(_bytes + place.Offset + ((((start / place.Tile) * place.Members) + member) * place.TileBytes), words);

    private sealed record Place(long Offset, int Tile, int TileBytes, int Block, int Members, ConcurrentDictionary<int, double> Factors);

    private sealed class StoringMethod(StoredMasks store) : ReadingMethod
    {
        public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new StoringKernel<T>(store, context, kernels);
    }

    private sealed class StoringKernel<T> : ReadingKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private readonly StoredMasks _store;
        private readonly MaskGroups<T> _groups;
        private readonly Place _place;
        private readonly int[] _members;
        private readonly double[] _factors;

        public StoringKernel(StoredMasks store, TensorContext context, IKernels<T> kernels)
        {
            _store = store;
            _groups = new MaskGroups<T>(context, kernels);
            _members = [.. Enumerable.Range(0, context.Inputs.Count).Where(i => _groups.IsMasked[i])];
            _factors = new double[context.Inputs.Count];
            BlockLength = CommonBlock.Of(_groups.BlockLengths, context.Count, context.Tensor);
            _place = store.Reserve(context.Tensor, context.Count, BlockLength, _members.Length);
        }

        public override int BlockLength { get; }

        public override int MeasuringPasses => _groups.MeasuringPasses + 1;

        public override int StrideOf(int pass) => pass < _groups.MeasuringPasses ? _groups.StrideOf(pass) : 1;

        public override int SumCount(int pass) => pass < _groups.MeasuringPasses ? _groups.SumCount(pass) : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            if (pass < _groups.MeasuringPasses)
            {
                _groups.Measure(pass, tile, sums);
                return;
            }

            _groups.MakeMasks(tile);
            for (int m = 0; m < _members.Length; m++)
            {
                Span<ulong> mask = tile.Mask(_members[m]);
                mask.CopyTo(_store.At(_place, m, tile.Start, mask.Length));
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            if (pass < _groups.MeasuringPasses)
            {
                _groups.Complete(pass, totals);
                return;
            }

            _groups.TakeFactors(_factors);
            for (int m = 0; m < _members.Length; m++)
                _place.Factors[m] = _factors[_members[m]];
        }
    }

    private sealed class Stored(StoredMasks store, Sparsifier inner) : Sparsifier
    {
        public override string Name => inner.Name;

        public override IReadOnlyList<MethodParameter> Parameters => inner.Parameters;

        public override string Describe(ParameterSet parameters) => inner.Describe(parameters);

        public override SparsifierKernel<T> Bind<T>(TensorContext context, SparsifierGroup group, IKernels<T> kernels)
        {
            // members are numbered over all groups, in the order of the inputs
            int[] masked = [.. context.Groups.SelectMany(g => g.Members).Order()];
            return new StoredKernel<T>(store, store._places[context.Tensor], [.. group.Members], [.. group.Members.Select(m => Array.IndexOf(masked, m))]);
        }
    }

    private sealed class StoredKernel<T>(StoredMasks store, Place place, int[] members, int[] numbers) : SparsifierKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override IReadOnlyList<int> Members => members;

        // as when they were made: sums over tiles, which auto weights are made of, must not differ
        public override int BlockLength => place.Block;

        public override double FactorOf(int member) => place.Factors[numbers[Array.IndexOf(members, member)]];

        public override void MakeMasks(Tile<T> tile)
        {
            for (int i = 0; i < members.Length; i++)
            {
                Span<ulong> mask = tile.Mask(members[i]);
                store.At(place, numbers[i], tile.Start, mask.Length).CopyTo(mask);
            }
        }
    }
}
