using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>Computes one tensor: its measuring passes, then the one that writes; or only measures it. Sums are kept per segment, a length that depends
/// on the tensor's blocks alone, and added up in order: threads and piece sizes never show in a result.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class MergeJob<T> : TensorJob
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // no longer than a piece of half-precision weights: who hashes the next segment's bytes waits for those before
    private const int TargetSegment = 1 << 15;
    private readonly MergePlan _plan;
    private readonly CheckpointReader _reader;
    private readonly IWeightSink? _writer;
    private readonly CancellationToken _cancel;
    private readonly PieceLoop<T> _loop;
    private readonly TensorProbe<T> _kernel;
    private readonly Cut _cut;
    private double[] _sums;
    private readonly int _units;
    private double[] _totals = [];
    private int _pass;
    private bool _solving;

    /// <summary>Begins with a tensor.</summary>
    /// <param name="plan">The merge.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="index">Its place among those that are worked on.</param>
    /// <param name="kernel">The computation, or what only measures.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <param name="reader">Reads the models.</param>
    /// <param name="writer">Writes the result; null where the tensor is only measured.</param>
    /// <param name="cancel">Ends the work.</param>
    public MergeJob(MergePlan plan, TensorPlan tensor, int index, TensorProbe<T> kernel, IKernels<T> kernels, CheckpointReader reader, IWeightSink? writer, CancellationToken cancel)
        : base(tensor, index, Cut.Of(plan, tensor, kernel).Units(tensor.Output.Count))
    {
        _plan = plan;
        _reader = reader;
        _writer = writer;
        _kernel = kernel;
        _cancel = cancel;
        _cut = Cut.Of(plan, Plan, kernel);
        _units = UnitCount;
        _loop = new PieceLoop<T>(kernel, kernels, _cut.Tile, _cut.Segment, plan.Definition.AllowNonFinite)
        {
            Models = Plan.Inputs.Count,
            HasComputedRows = input => RowsOf(input) is not null,
            FillComputedRows = (input, start, values) => RowsOf(input)!.Fill(_reader, kernels, start, values),
        };
        _sums = NewSums();
        if (writer is not null)
            Hashes = new TensorHashes(tensor);
    }

    /// <inheritdoc/>
    public override TensorHashes? Hashes { get; }

    /// <inheritdoc/>
    public override long HeldBytes => _kernel.WholeBytes;

    /// <inheritdoc/>
    public override void Keep(long room)
    {
        if (_kernel.WishedBytes <= room)
            _kernel.Keep();
    }

    public override void Run(int unit, WorkBuffers buffers)
    {
        if (_solving)
        {
            _cancel.ThrowIfCancellationRequested();
            _kernel.Solve(_pass, new SolveScope(_reader, _cancel));
            return;
        }

        long start = unit * _cut.Unit, end = Math.Min(Plan.Output.Count, start + _cut.Unit);
        int stride = _pass < _kernel.MeasuringPasses ? _kernel.StrideOf(_pass) : 1;
        Tile<T> tile = buffers.Tile<T>();
        tile.Reserve(_plan.StreamCount, (int)Math.Min(_plan.Memory.LongestTile, Math.Max(_cut.Tile, MemoryBudget.DefaultTileLength)));
        // a sample takes a little of every piece
        long part = stride == 1 ? _cut.Piece : Math.Max(1, _cut.Piece / stride / _cut.Tile) * _cut.Tile;
        for (long at = start; at < end; at += _cut.Piece)
        {
            _cancel.ThrowIfCancellationRequested();
            RunPiece(at, (int)Math.Min(part, end - at), buffers, tile);
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<double> Totals => _totals;

    public override void Report(Tally tally)
    {
        if (_totals.Length > 0)
            ((TensorKernel<T>)_kernel).Report(_totals, tally);
    }

    protected override bool EndPass()
    {
        if (_solving)
        {
            (_solving, UnitCount) = (false, _units);
            return NextPass();
        }

        int count = _kernel.SumCount(_pass);
        _totals = new double[count];
        for (int i = 0; i < _sums.Length; i++)
            _totals[i % count] += _sums[i];
        if (_pass == _kernel.MeasuringPasses)
        {
            _sums = [];
            _kernel.Release();
            return true;
        }

        _kernel.Complete(_pass, _totals);
        if (!_kernel.SolvesAfter(_pass))
            return NextPass();
        (_solving, UnitCount) = (true, 1);
        return false;
    }

    private bool NextPass()
    {
        _pass++;
        bool ends = _writer is null && _pass == _kernel.MeasuringPasses;
        _sums = ends ? [] : NewSums();
        if (ends)
            _kernel.Release();
        return ends;
    }

    private double[] NewSums() => new double[_kernel.SumCount(_pass) * ((Plan.Output.Count + _cut.Segment - 1) / _cut.Segment)];

    private void RunPiece(long start, int length, WorkBuffers buffers, Tile<T> tile)
    {
        TensorHashes? hashes = _pass == _kernel.MeasuringPasses ? Hashes : null;
        int first = Plan.Base is null ? 0 : 1, models = Plan.Inputs.Count;
        StoredWeights? origin = Plan.Base is { } own ? Fill(own, Plan.BaseRows, start, length, buffers.Base, buffers.PieceBytes, hashes?.Input(0)) : null;
        var inputs = new StoredWeights[models + Plan.Statistics.Count];
        for (int i = 0; i < models; i++)
            inputs[i] = Fill(Plan.Inputs[i], Plan.RowsOf(i), start, length, buffers.Input(i), buffers.PieceBytes, hashes?.Input(first + i));
        for (int i = models; i < inputs.Length; i++)
            inputs[i] = Fill(Plan.Statistics[i - models], null, start, length, buffers.Input(i), buffers.PieceBytes, null);

        var output = new StoredWeights(Plan.Output.Type, buffers.Output.AsMemory(0, length * Plan.Output.Type.Size()));
        if (_loop.Run(_pass, start, length, origin, inputs, output, tile, _sums) is { } bad)
            throw NonFinite(bad);
        if (hashes is null)
            return;
        hashes.Output.Append(start * Plan.Output.Type.Size(), output.Bytes.Span);
        Write(start, output.Bytes.Span, buffers.PieceBytes);
    }

    private StoredWeights Fill(TensorInfo tensor, MappedTensor? rows, long start, int length, byte[] buffer, int pieceBytes, OrderedHash? hash)
    {
        int size = tensor.StoredType.Size();
        Span<byte> bytes = buffer.AsSpan(0, length * size);
        if (tensor.Delta is { } delta)
            delta.Read(_reader, start, bytes, pieceBytes);
        else if (rows is null)
            _reader.Read(tensor, start * size, bytes, pieceBytes);
        else
            rows.ReadBytes(_reader, start, bytes, pieceBytes);
        hash?.Append(start * size, bytes);
        return new StoredWeights(tensor.StoredType, buffer.AsMemory(0, length * size), tensor.Delta is not null);
    }

    private void Write(long start, ReadOnlySpan<byte> bytes, int pieceBytes)
    {
        long offset = start * Plan.Output.Type.Size();
        for (int at = 0; at < bytes.Length; at += pieceBytes)
            _writer!.Write(Plan.Output.Name, offset + at, bytes.Slice(at, Math.Min(pieceBytes, bytes.Length - at)));
    }

    private MappedTensor? RowsOf(int input) => input < 0 ? Plan.BaseRows : input < Plan.Inputs.Count ? Plan.RowsOf(input) : null;

    private CabsException NonFinite(NonFiniteWeight bad)
    {
        if (bad.Input >= Plan.Inputs.Count)
            return StatisticFiles.BadValue(Plan.Statistics[bad.Input - Plan.Inputs.Count], bad.Value, bad.Index);
        TensorInfo tensor = bad.Input < 0 ? Plan.Base! : Plan.Inputs[bad.Input];
        return new CabsException(CabsError.NonFiniteInput, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} holds {(T)T.CreateTruncating(bad.Value)} at index {bad.Index}; repair the model, or allow non-finite weights", tensor.Name);
    }

    /// <summary>How a tensor is cut: tiles of whole blocks are computed at once, pieces of whole tiles are read at once, segments
    /// of whole tiles have sums of their own, units of whole segments are done by one thread.</summary>
    private readonly record struct Cut(int Tile, long Piece, long Segment, long Unit)
    {
        public static Cut Of(MergePlan plan, TensorPlan tensor, TensorProbe<T> kernel)
        {
            long count = Math.Max(tensor.Output.Count, 1);
            int tile = (int)Math.Min(MemoryBudget.TileFor(kernel.BlockLength), count);
            int widest = tensor.Sources.Concat(tensor.Statistics).Aggregate(tensor.Output.Type.Size(), (size, t) => Math.Max(size, t.StoredType.Size()));
            long piece = Math.Max(1, plan.Memory.PieceBytes / widest / tile) * tile;
            long least = Math.Max(TargetSegment, (count + kernel.MostSegments - 1) / kernel.MostSegments);
            long segment = (least + tile - 1) / tile * tile;
            return new Cut(tile, piece, segment, Math.Max(1, piece / segment) * segment);
        }

        public int Units(long count) => (int)((count + Unit - 1) / Unit);
    }
}
