using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Tokenizers;
using CabsPs.Torch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace CabsPs.Torch;

/// <summary>Computes one tensor on a device: pass after pass, piece after piece, in order. A tensor that fits is read once for all passes.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class TorchJob<T> : TensorJob
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // elements computed at once: enough to outweigh the cost of a call, few enough for a cache on the processor
    private const long PieceOnProcessor = 1 << 20;
    private const long PieceOnDevice = 1 << 26;

    // masks, places and values in between, besides as many copies of the inputs as there are inputs
    private const int WorkspaceBytes = 64;

    private readonly TensorWork _work;
    private readonly TorchKernel<T> _kernel;
    private readonly torch.Device _device;
    private readonly long _piece;
    private double[] _totals = [];

    public TorchJob(TensorWork work, TorchKernel<T> kernel, torch.Device device, long? longest, long memory)
        : base(work.Tensor, work.Index, work.Tensor.Output.Count == 0 ? 0 : 1)
    {
        (_work, _kernel, _device) = (work, kernel, device);
        Hashes = work.Writer is null ? null : new TensorHashes(work.Tensor);
        _piece = PieceFor(longest ?? (device.type == DeviceType.CUDA ? PieceOnDevice : PieceOnProcessor), memory);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<double> Totals => _totals;

    /// <inheritdoc/>
    public override TensorHashes? Hashes { get; }

    /// <inheritdoc/>
    public override long HeldBytes => _kernel.WholeBytes;

    /// <inheritdoc/>
    public override void Run(int unit, WorkBuffers buffers)
    {
        try
        {
            using IDisposable plain = no_grad();
            using DisposeScope scope = NewDisposeScope();
            RunPasses(buffers);
        }
        catch (ExternalException e) when (TorchFailure.IsOutOfMemory(e))
        {
            throw new CabsException(CabsError.MemoryLimit, $"tensor {Text.Quote(Plan.Output.Name)}: {_device} has no room for {Text.Bytes(_piece * BytesPerElement)} of a piece; free some, choose another device, or use the managed engine", Plan.Output.Name, e);
        }
        finally
        {
            _kernel.Dispose();
        }
    }

    /// <inheritdoc/>
    public override void Report(Tally tally)
    {
        if (_totals.Length > 0)
            _kernel.Report(_totals, tally);
    }

    private long BytesPerElement => (2 * (Plan.Inputs.Count + Plan.Statistics.Count + 2) * Marshal.SizeOf<T>()) + WorkspaceBytes;

    private void RunPasses(WorkBuffers buffers)
    {
        long count = Plan.Output.Count;
        TorchTile? whole = null;
        for (int pass = 0; ; pass++)
        {
            bool writes = pass == _kernel.MeasuringPasses;
            if (writes && _work.Writer is null)
                return;
            double[] sums = new double[_kernel.SumCount(pass)];
            for (long start = 0; start < count; start += _piece)
            {
                _work.Cancel.ThrowIfCancellationRequested();
                using DisposeScope scope = NewDisposeScope();
                TorchTile tile = whole ?? Load(start, Math.Min(_piece, count - start), writes || _piece >= count ? Hashes : null, buffers);
                if (tile.IsWhole && whole is null)
                    whole = Keep(tile);
                if (writes)
                    Write(start, _kernel.Merge(tile, sums), buffers);
                else
                    _kernel.Measure(pass, tile, sums);
            }

            _totals = sums;
            if (writes)
                return;
            _kernel.Complete(pass, sums);
            if (_kernel.SolvesAfter(pass))
                _kernel.Solve(pass, new SolveScope(_work.Reader, _work.Cancel));
        }
    }

    private static TorchTile Keep(TorchTile tile)
    {
        tile.Origin?.MoveToOuterDisposeScope();
        foreach (Tensor input in tile.Inputs)
            input.MoveToOuterDisposeScope();
        return tile;
    }

    // a tensor that is read once is hashed as it is read
    private TorchTile Load(long start, long length, TensorHashes? hashes, WorkBuffers buffers)
    {
        Tensor? origin = Plan.Base is { } own ? Read(own, Plan.BaseRows, start, length, hashes?.Input(0), buffers) : null;
        int first = Plan.Base is null ? 0 : 1;
        var inputs = new Tensor[Plan.Inputs.Count + Plan.Statistics.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (i >= Plan.Inputs.Count)
            {
                inputs[i] = ReadStatistic(Plan.Statistics[i - Plan.Inputs.Count], start, length, buffers);
                continue;
            }

            Tensor values = Read(Plan.Inputs[i], Plan.RowsOf(i), start, length, hashes?.Input(first + i), buffers);
            inputs[i] = _kernel.WantsDeltas && origin is not null && Plan.Inputs[i].Delta is null ? values - origin : values;
        }

        return new TorchTile(start, length, length == Plan.Output.Count, origin, inputs);
    }

    private Tensor Read(TensorInfo tensor, MappedTensor? rows, long start, long length, OrderedHash? hash, WorkBuffers buffers)
    {
        Tensor values = ReadRaw(tensor, rows, start, length, hash, buffers);
        if (!_work.Plan.Definition.AllowNonFinite && FirstOf(values.isfinite().logical_not()) is { } bad)
            throw new CabsException(CabsError.NonFiniteInput, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} holds {(T)T.CreateTruncating(values[bad].to(ScalarType.Float64).item<double>())} at index {start + bad}; repair the model, or allow non-finite weights", tensor.Name);
        return values;
    }

    private Tensor ReadStatistic(TensorInfo tensor, long start, long length, WorkBuffers buffers)
    {
        Tensor values = ReadRaw(tensor, null, start, length, null, buffers);
        if (FirstOf((values >= Number.Of(0)).logical_and(values.isfinite()).logical_not()) is { } bad)
            throw StatisticFiles.BadValue(tensor, values[bad].to(ScalarType.Float64).item<double>(), start + bad);
        return values;
    }

    private Tensor ReadRaw(TensorInfo tensor, MappedTensor? rows, long start, long length, OrderedHash? hash, WorkBuffers buffers)
    {
        int size = tensor.StoredType.Size();
        using Tensor stored = empty(length, dtype: TypeOf(tensor.StoredType));
        Span<byte> bytes = stored.bytes;
        if (rows is null)
        {
            if (tensor.Delta is { } delta)
                delta.Read(_work.Reader, start, bytes, buffers.PieceBytes);
            else
                _work.Reader.Read(tensor, start * size, bytes, buffers.PieceBytes);
            hash?.Append(start * size, bytes);
            return stored.to(TensorMath.TypeOf<T>(), _device, copy: true);
        }

        // rows that are made from others are made as they are read, in this process's memory
        rows.ReadBytes(_work.Reader, start, bytes, buffers.PieceBytes);
        using Tensor widened = stored.to(TensorMath.TypeOf<T>(), copy: true);
        rows.Fill(_work.Reader, Engine.Numerics.Kernels.For<T>(), start, MemoryMarshal.Cast<byte, T>(widened.bytes));
        return widened.to(_device, copy: true);
    }

    private static long? FirstOf(Tensor mask)
    {
        using DisposeScope scope = NewDisposeScope();
        return mask.any().item<bool>() ? mask.nonzero()[0].item<long>() : null;
    }

    private void Write(long start, Tensor result, WorkBuffers buffers)
    {
        DType type = Plan.Output.Type;
        byte[]? rounded = null;
        Span<byte> bytes;
        if (typeof(T) == typeof(double) && type is DType.F16 or DType.BF16)
        {
            // torch goes from float64 to half types by float32, and rounds twice
            rounded = new byte[result.NumberOfElements * type.Size()];
            Engine.Numerics.Kernels.For<T>().Narrow(TensorMath.Host<T>(result), type, rounded);
            bytes = rounded;
        }
        else
        {
            bytes = result.to(TypeOf(type)).cpu().contiguous().bytes;
        }

        long offset = start * type.Size();
        Hashes!.Output.Append(offset, bytes);
        for (int at = 0; at < bytes.Length; at += buffers.PieceBytes)
            _work.Writer!.Write(Plan.Output.Name, offset + at, bytes.Slice(at, Math.Min(buffers.PieceBytes, bytes.Length - at)));
    }

    // whole blocks, as many as the memory allows
    private long PieceFor(long wanted, long memory)
    {
        long block = Math.Max(1, _kernel.BlockLength), count = Math.Max(1, Plan.Output.Count);
        long fits = memory / BytesPerElement, least = Math.Min(block, count);
        if (fits < least)
            throw new CabsException(CabsError.MemoryLimit, $"tensor {Text.Quote(Plan.Output.Name)} is computed in pieces of at least {least} weights, of {Plan.Inputs.Count} models {Text.Bytes(least * BytesPerElement)} on {_device}, where the limit is {Text.Bytes(memory)}; raise the limit, choose another device, or use the managed engine", Plan.Output.Name);
        return Math.Min(count, Math.Max(block, Math.Min(wanted, fits) / block * block));
    }

    private static ScalarType TypeOf(DType type) => type switch
    {
        DType.F64 => ScalarType.Float64,
        DType.F16 => ScalarType.Float16,
        DType.BF16 => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };
}
