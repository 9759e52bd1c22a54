using System.Diagnostics;
using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>Carries out a plan: reads pieces of all models, computes them and writes them at their final places, on several
/// threads, in memory that does not grow with the models.</summary>
public sealed class MergeRun
{
    private readonly MergePlan _plan;
    private readonly ComputeEngine _engine;
    private readonly Tally _notes = new(0);
    private readonly Stopwatch _clock = new();
    private readonly WorkerThreads _workers;
    private CheckpointReader? _reader;
    private CheckpointWriter? _writer;
    private long _kept;

    /// <summary>Prepares a run.</summary>
    /// <param name="plan">What to do.</param>
    public MergeRun(MergePlan plan)
    {
        _plan = plan;
        _engine = plan.Options.Engine;
        _workers = new WorkerThreads(plan, _engine.WorkersFor(plan));
    }

    /// <summary>How far the run is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => new(
        (_reader?.BytesRead ?? 0) + (_writer?.BytesWritten ?? 0) + Interlocked.Read(ref _kept),
        _plan.BytesToRead + _plan.Layout.TensorBytes,
        _workers.Current,
        _clock.Elapsed);

    /// <summary>Merges. The destination appears when everything is written, flushed and hashed, and not before.</summary>
    /// <param name="destination">The folder the result gets.</param>
    /// <param name="cancel">Stops the run within a piece; nothing is left behind, unless it is to be gone on with.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="CabsException">An input or the destination cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public MergeResult Execute(string destination, CancellationToken cancel = default)
    {
        CheckDestination(destination);
        using StagingFolder staging = StagingFolder.Open(destination);
        staging.KeepsUnfinished = _plan.Options.Resume;
        if (!_plan.Options.Resume)
            staging.Clear(withStages: true);
        return Execute(staging, cancel);
    }

    /// <summary>Merges into a folder that is open already.</summary>
    internal MergeResult Execute(StagingFolder staging, CancellationToken cancel)
    {
        _clock.Start();
        MergeOptions options = _plan.Options;
        CheckDestination(staging.Destination);
        using var reader = new CheckpointReader();
        _reader = reader;
        PlanIdentity identity = PlanIdentity.Of(_plan);
        Resumption? resumed = options.Resume ? Resumption.Find(_plan, identity, staging, reader, cancel) : null;
        if (resumed?.Manifest is { } finished)
        {
            staging.KeepsUnfinished = false;
            return Summarise(staging.Destination, ResultFiles.Of(_plan, staging.Destination, finished), finished.Vectors, finished.Overlaps, _plan.Tensors.Count);
        }

        if (resumed is null)
            staging.Clear(withStages: false);
        var records = new TensorRecord?[_plan.Tensors.Count];
        using MergeJournal? continued = resumed?.Continue(records, cancel);
        // files of an interrupted merge have their room reserved
        CheckLimits(staging.Destination, _plan.Layout.Shards.Where(s => File.Exists(Path.Combine(staging.Result, s.FileName))).Sum(s => s.ByteLength));
        using MergeJournal journal = continued ?? MergeJournal.Create(staging.Journal, identity);
        using CheckpointWriter writer = CheckpointWriter.Create(staging, _plan.Layout, options.Force, reserve: !options.IgnoresFreeSpace);
        _writer = writer;
        // what the journal speaks of is on the disk before it
        writer.Flushed = journal.Flush;
        _kept = _plan.Tensors.Select((t, i) => records[i] is null ? 0 : _plan.BytesOf(i) + t.Output.ByteLength).Sum();
        int kept = records.Count(r => r is not null);
        Write(records, reader, writer, journal, cancel);
        reader.CheckUnchanged();
        var tally = new Tally(_plan.Inputs.Count);
        foreach (TensorRecord? record in records)
            tally.Add(record!.Figures);
        string[] names = [.. _plan.Definition.Inputs.Select(i => i.Name)];
        VectorSummary[] vectors = [.. Enumerable.Range(0, names.Length).Where(i => _plan.Definition.Inputs[i].Contributes && tally.Knows(i)).Select(i => tally.Vector(i, names[i]))];
        IReadOnlyList<PairSummary> overlaps = tally.Pairs(names);
        List<ManifestFile> files = WriteSmallFiles(writer);
        IReadOnlyDictionary<string, string> sha256 = options.Sha256
            ? FileHash.Sha256([.. _plan.Layout.Shards.Select(s => Path.Combine(staging.Result, s.FileName))], _plan.Memory.Threads, cancel)
            : new Dictionary<string, string>();
        byte[] manifest = MergeManifest.Write(_plan, identity, records!, files, sha256, vectors, overlaps);
        files.Add(new ManifestFile(MergeManifest.FileName, manifest.Length, writer.WriteFile(MergeManifest.FileName, manifest)));
        writer.Complete(cancel);
        _clock.Stop();
        return Summarise(staging.Destination, ResultFiles.Of(_plan, staging.Destination, files, records!, sha256), vectors, overlaps, kept);
    }

    private void CheckDestination(string destination)
    {
        Destination.Check(destination, _plan.Models, _plan.Options.Force || _plan.Options.Resume);
        Destination.Check(destination, _plan.TokenizerFolders);
    }

    private void CheckLimits(string destination, long there)
    {
        AvailableMemory.Check(_plan.Memory);
        if (!_plan.Options.IgnoresFreeSpace)
            DiskSpace.Check([(destination, _plan.OutputFiles.Sum(f => f.ByteLength) - there)]);
    }

    /// <summary>Takes all merged tensors through their measuring passes alone: nothing is written.</summary>
    /// <param name="cancel">Stops the run within a piece.</param>
    /// <exception cref="CabsException">An input cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    internal void MeasureOnly(CancellationToken cancel)
    {
        _clock.Start();
        using var reader = new CheckpointReader();
        _reader = reader;
        ModelStages stages = _plan.NewStages();
        foreach (ModelMeasure measure in stages.Measures)
            Measure(measure, stages, reader, cancel);
        TensorPlan[] merged = [.. _plan.Tensors.Where(t => t.Action == TensorAction.Merge)];
        _workers.Run(merged.Length, i => merged[i].InDouble ? Open<double>(i) : Open<float>(i), cancel);
        _clock.Stop();

        TensorJob Open<T>(int i)
            where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _engine.Open<T>(new TensorWork(_plan, merged[i], i, reader, null, cancel), stages.Bind(merged[i], Kernels.For<T>()));
    }

    // one sweep after the other over all merged tensors that it covers; all threads end a sweep together
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
                _engine.Open(new TensorWork(_plan, covered[i].Plan, i, reader, null, cancel), stages.Bind(measure, current, covered[i], Kernels.For<T>()));
        }
    }

    private void Write(TensorRecord?[] records, CheckpointReader reader, CheckpointWriter writer, MergeJournal journal, CancellationToken cancel)
    {
        int[] left = [.. Enumerable.Range(0, records.Length).Where(i => records[i] is null)];
        if (left.Length == 0)
            return;
        ModelStages stages = _plan.NewStages();
        foreach (ModelMeasure measure in stages.Measures)
            Measure(measure, stages, reader, cancel);
        IReadOnlyList<TensorJob> done = _workers.Run(left.Length, OpenAny, cancel, job =>
        {
            TensorRecord record = records[left[job.Index]] = RecordOf(job);
            journal.Add(job.Plan.Output.Name, record);
        });
        // tensors without elements have no parts that end
        foreach (TensorJob job in done.Where(j => j.UnitCount == 0))
            records[left[job.Index]] = RecordOf(job);

        TensorJob OpenAny(int i) => _plan.Tensors[left[i]] switch
        {
            { Action: TensorAction.Merge, InDouble: true } => Open<double>(i),
            { Action: TensorAction.Merge } => Open<float>(i),
            _ => new CopyJob(_plan, _plan.Tensors[left[i]], i, reader, writer, cancel),
        };

        TensorJob Open<T>(int i)
            where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _engine.Open<T>(new TensorWork(_plan, _plan.Tensors[left[i]], i, reader, writer, cancel), stages.Bind(_plan.Tensors[left[i]], Kernels.For<T>()));

        TensorRecord RecordOf(TensorJob job)
        {
            var tally = new Tally(_plan.Inputs.Count);
            tally.Select(job.Plan);
            job.Report(tally);
            lock (_notes)
                _notes.TakeNotes(tally);
            return job.Hashes!.Record(job.Plan, tally.Figures, reader, cancel);
        }
    }

    private List<ManifestFile> WriteSmallFiles(CheckpointWriter writer)
    {
        var files = new List<ManifestFile>();
        if (_plan.Layout.Index is { } index)
            files.Add(new ManifestFile(Checkpoint.IndexFile, index.Length, Digest.Of(index)));
        if (_plan.ConfigText is { } config)
            Write(ModelConfig.FileName, config);
        foreach (string file in _plan.SideFiles)
            Copy(file);
        foreach (TokenizerFile file in _plan.TokenizerFiles)
        {
            if (file.Content is { } content)
                Write(file.Name, content);
            else
                Copy(file.Source!);
        }

        foreach ((string name, byte[] content) in _plan.CardFiles)
            Write(name, content);
        files.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return files;

        void Write(string name, byte[] content) => files.Add(new ManifestFile(name, content.Length, writer.WriteFile(name, content)));

        void Copy(string source)
        {
            (Digest hash, long length) = writer.CopyFile(source);
            files.Add(new ManifestFile(Path.GetFileName(source), length, hash));
        }
    }

    private MergeResult Summarise(string destination, IReadOnlyList<ResultFile> files, IReadOnlyList<VectorSummary> vectors, IReadOnlyList<PairSummary> overlaps, int resumed) => new()
    {
        Path = destination,
        Method = _plan.Definition.Method.Name,
        Plan = _plan,
        Files = files,
        Vectors = vectors,
        Overlaps = overlaps,
        Tensors = _plan.Tensors,
        LeftOut = _plan.LeftOut,
        Warnings = [.. _plan.Warnings, .. _notes.Notes],
        LateWarnings = [.. _notes.Notes],
        ResumedTensors = resumed,
        Duration = _clock.Elapsed,
        BytesRead = _reader?.BytesRead ?? 0,
        BytesWritten = _writer?.BytesWritten ?? 0,
        PeakMemory = Process.GetCurrentProcess().PeakWorkingSet64,
        Threads = _plan.Memory.Threads,
    };
}
