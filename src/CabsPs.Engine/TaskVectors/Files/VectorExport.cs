using System.Diagnostics;
using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>What is exported of a task vector, and how.</summary>
public sealed record VectorExportSettings
{
    /// <summary>Stores kept weights alone.</summary>
    public bool Packed { get; init; }

    /// <summary>Wildcards over tensor names; with any, only tensors that match one are exported.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Wildcards over names of tensors that are not exported.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>What random choices start from.</summary>
    public long Seed { get; init; }

    /// <summary>Lets NaN and infinity through.</summary>
    public bool AllowNonFinite { get; init; }
}

/// <summary>Streams a task vector into a file, on several threads, in memory that does not grow with the models. Where the vector is sparsified or
/// packed, a first sweep finds how much is kept, because the places in the file follow from it.</summary>
public sealed class VectorExport
{
    private readonly TaskVector _vector;
    private readonly VectorExportSettings _settings;
    private readonly MergePlan _plan;
    private readonly TensorPlan[] _tensors;
    private readonly Dictionary<string, DType> _types;
    private readonly WorkerThreads _workers;
    private readonly Stopwatch _clock = new();
    private CheckpointReader? _reader;
    private VectorFileWriter? _writer;

    private VectorExport(TaskVector vector, VectorExportSettings settings, MergePlan plan)
    {
        (_vector, _settings, _plan) = (vector, settings, plan);
        _workers = new WorkerThreads(plan, plan.Memory.Threads);
        _tensors = [.. plan.Tensors
            .Where(t => t.Action == TensorAction.Merge && t.Scope.Inputs.Any(i => i.Model.Contributes))
            .Select(t => t with { Output = t.Output with { Type = t.InDouble ? DType.F64 : DType.F32 } })];
        _types = _tensors.ToDictionary(t => t.Output.Name, t => t.Output.Type, StringComparer.Ordinal);
    }

    /// <summary>What will be read.</summary>
    public MergePlan Plan => _plan;

    /// <summary>Tensors that will be stored.</summary>
    public int TensorCount => _tensors.Length;

    /// <summary>Bytes that storing all deltas as they are takes; packed it is less, and known only when the masks are.</summary>
    public long DenseBytes => _tensors.Sum(t => t.Output.ByteLength);

    /// <summary>How far the export is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => new((_reader?.BytesRead ?? 0) + (_writer?.BytesWritten ?? 0), (_plan.BytesToRead * SweepCount) + (_settings.Packed ? 0 : DenseBytes), _workers.Current, _clock.Elapsed);

    private int SweepCount => _settings.Packed || _vector.Group is not null ? 2 : 1;

    /// <summary>Prepares an export: reads headers alone.</summary>
    /// <exception cref="CabsException">A model cannot be read, or the vector's models do not fit together.</exception>
    public static VectorExport Prepare(TaskVector vector, VectorExportSettings settings, MergeOptions options, CancellationToken cancel = default)
    {
        var method = new VectorMethod();
        MergeDefinition definition = TaskVector.Define([vector with { Weight = 1 }], method, ParameterSet.Empty) with
        {
            Include = settings.Include,
            Exclude = settings.Exclude,
            Seed = settings.Seed,
            AllowNonFinite = settings.AllowNonFinite,
            // what the model lacks its file lacks too, and merging it says so
            SkipMissing = true,
        };
        var export = new VectorExport(vector, settings, MergePlanner.Plan(definition, options, cancel));
        return export._tensors.Length > 0 ? export : throw new CabsException(CabsError.NothingToMerge, $"{vector.ModelPath}: has no tensor left that could be exported", vector.ModelPath);
    }

    /// <summary>Refuses a destination that cannot be used.</summary>
    /// <exception cref="CabsException">It cannot.</exception>
    public void CheckDestination(string destination) => VectorFileWriter.Check(destination, _plan.Models, _plan.Options.Force);

    /// <summary>Writes the file. It appears when it is complete and not before.</summary>
    /// <param name="destination">The full path it gets.</param>
    /// <param name="cancel">Stops within a piece; nothing is left behind.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="CabsException">An input or the destination cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The export was cancelled.</exception>
    public VectorFile Execute(string destination, CancellationToken cancel = default)
    {
        _clock.Start();
        CheckDestination(destination);
        using var reader = new CheckpointReader();
        _reader = reader;
        ModelStages stages = _plan.NewStages();
        foreach (ModelMeasure measure in stages.Measures)
            Measure(measure, stages, reader, cancel);
        string[] agreed = [.. _plan.Tensors.Where(t => t.Action == TensorAction.CopyIdentical).Select(t => t.Output.Name)];
        CheckAgreement(reader, cancel);
        var counts = new KeptCounts(_types);
        Dictionary<string, VectorTensor> facts = SweepCount > 1
            ? Sweep(stages, reader, counts, cancel)
            : _tensors.ToDictionary(t => t.Output.Name, t => FactsOf(t, t.Output.Count, null, 1, 1), StringComparer.Ordinal);
        var ranks = _tensors.ToDictionary(t => t.Output.Name, t => counts.RanksOf(t.Output.Name), StringComparer.Ordinal);
        // a mask may keep a zero, a file does not
        if (SweepCount > 1)
            facts = facts.ToDictionary(f => f.Key, f => f.Value with { Kept = ranks[f.Key].Total }, StringComparer.Ordinal);
        string note = VectorFile.Write(_vector.Name, _vector, _settings.Packed, BaseFingerprint.Of(_plan.Base!, _types.Keys), facts, agreed);
        OutputShard layout = OutputLayout.LayOut(Path.GetFileName(destination), _tensors.SelectMany(t => Parts(t.Output, ranks[t.Output.Name].Total)), (VectorFile.MetadataKey, note));
        using (VectorFileWriter writer = VectorFileWriter.Create(destination, layout, _types, _plan.Options.Force))
        {
            _writer = writer;
            if (_settings.Packed)
            {
                foreach (TensorPlan tensor in _tensors)
                    writer.Pack(tensor.Output.Name, tensor.Output.Count, ranks[tensor.Output.Name].Ranks);
            }

            Sweep(stages, reader, writer, cancel);
            writer.Complete(cancel);
        }

        return VectorFile.Open(destination);
    }

    private IEnumerable<OutputTensor> Parts(OutputTensor tensor, long kept)
    {
        if (!_settings.Packed)
            return [tensor];
        long chunks = (tensor.Count + StoredDelta.ChunkLength - 1) / StoredDelta.ChunkLength, bytes = (tensor.Count + 7) / 8;
        return
        [
            new OutputTensor($"{tensor.Name}.values", tensor.Type, [kept], kept),
            new OutputTensor($"{tensor.Name}.mask", DType.U8, [bytes], bytes),
            new OutputTensor($"{tensor.Name}.ranks", DType.I64, [chunks], chunks),
        ];
    }

    private static VectorTensor FactsOf(TensorPlan tensor, long kept, double? energy, double factor, int block) =>
        new(tensor.Inputs.Select(t => t.Type).Aggregate(DTypes.Promote), tensor.Output.Shape, kept, energy, factor, block);

    private Dictionary<string, VectorTensor> Sweep(ModelStages stages, CheckpointReader reader, IWeightSink sink, CancellationToken cancel)
    {
        var kernels = new IVectorKernel[_tensors.Length];
        IReadOnlyList<TensorJob> done = _workers.Run(_tensors.Length, i => _tensors[i].InDouble ? Open<double>(i) : Open<float>(i), cancel);
        return done.Select((job, i) => (job, i)).ToDictionary(j => j.job.Plan.Output.Name, j => FactsOf(
            _tensors[j.i],
            j.job.Totals.Count > 0 ? (long)j.job.Totals[0] : 0,
            _vector.Group is null ? null : kernels[j.i].Energy ?? (j.job.Totals.Count > 0 ? j.job.Totals[1] : 0),
            kernels[j.i].Factor,
            kernels[j.i].BlockLength), StringComparer.Ordinal);

        TensorJob Open<T>(int i)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            TensorKernel<T> kernel = stages.Bind(_tensors[i], Kernels.For<T>());
            kernels[i] = (IVectorKernel)kernel;
            return new MergeJob<T>(_plan, _tensors[i], i, kernel, Kernels.For<T>(), reader, sink, cancel);
        }
    }

    private void Measure(ModelMeasure measure, ModelStages stages, CheckpointReader reader, CancellationToken cancel)
    {
        for (int sweep = 0; sweep < measure.Sweeps; sweep++)
        {
            int current = sweep;
            TensorContext[] covered = [.. _plan.Model.Tensors.Where(t => measure.Covers(current, t))];
            IReadOnlyList<TensorJob> done = _workers.Run(covered.Length, i => covered[i].Plan.InDouble ? Open<double>(i) : Open<float>(i), cancel);
            measure.Complete(sweep, [.. done.Select((job, i) => new TensorSums(covered[i], job.Totals))]);

            TensorJob Open<T>(int i)
                where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
                new MergeJob<T>(_plan, covered[i].Plan, i, stages.Bind(measure, current, covered[i], Kernels.For<T>()), Kernels.For<T>(), reader, null, cancel);
        }
    }

    // a tensor that is not floating point has no difference: it must be the base's
    private void CheckAgreement(CheckpointReader reader, CancellationToken cancel)
    {
        TensorPlan[] copied = [.. _plan.Tensors.Where(t => t.Action == TensorAction.CopyIdentical)];
        var nowhere = new Nowhere();
        _workers.Run(copied.Length, i => new CopyJob(_plan, copied[i], i, reader, nowhere, cancel), cancel);
    }

    private sealed class Nowhere : IWeightSink
    {
        public void Write(string tensor, long start, ReadOnlySpan<byte> bytes)
        {
        }
    }
}
