using System.Diagnostics;
using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>Carries out a plan: reads pieces of all models, computes them and writes them at their final places, on several
/// threads, in memory that does not grow with the models.</summary>
public sealed class MergeRun
{
    private readonly MergePlan _plan;
    private readonly ComputeEngine _engine;
    private readonly Stopwatch _clock = new();
    private readonly WorkBuffers?[] _buffers;
    private CheckpointReader? _reader;
    private CheckpointWriter? _writer;
    private string _current = string.Empty;

    /// <summary>Prepares a run.</summary>
    /// <param name="plan">What to do.</param>
    public MergeRun(MergePlan plan)
    {
        _plan = plan;
        _engine = plan.Options.Engine;
        _buffers = new WorkBuffers?[_engine.WorkersFor(plan)];
    }

    /// <summary>How far the run is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => new(
        (_reader?.BytesRead ?? 0) + (_writer?.BytesWritten ?? 0),
        _plan.BytesToRead + _plan.Layout.TensorBytes,
        _current,
        _clock.Elapsed);

    /// <summary>Merges. The destination appears when everything is written and not before.</summary>
    /// <param name="destination">The folder the result gets.</param>
    /// <param name="cancel">Stops the run within a piece; nothing is left behind.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="CabsException">An input or the destination cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public MergeResult Execute(string destination, CancellationToken cancel = default)
    {
        _clock.Start();
        CheckpointWriter.CheckDestination(destination, _plan.Models, _plan.Options.Force);
        CheckpointWriter.CheckDestination(destination, _plan.TokenizerFolders);
        using var reader = new CheckpointReader();
        using CheckpointWriter writer = CheckpointWriter.Create(destination, _plan.Layout, _plan.Options.Force);
        (_reader, _writer) = (reader, writer);
        ModelStages stages = _plan.NewStages();
        foreach (ModelMeasure measure in stages.Measures)
            Measure(measure, stages, reader, cancel);
        Tally tally = Write(stages, reader, writer, cancel);
        WriteSideFiles(writer);
        writer.Complete(cancel);
        _clock.Stop();
        return Summarise(writer, reader, tally, [.. tally.Notes]);
    }

    // one sweep after the other over all merged tensors that it covers; all threads end a sweep together
    private void Measure(ModelMeasure measure, ModelStages stages, CheckpointReader reader, CancellationToken cancel)
    {
        for (int sweep = 0; sweep < measure.Sweeps; sweep++)
        {
            int current = sweep;
            TensorContext[] covered = [.. _plan.Model.Tensors.Where(t => measure.Covers(current, t))];
            var queue = new WorkQueue(covered.Length, i => covered[i].Plan.InDouble ? Open<double>(i) : Open<float>(i), _plan.Memory.WholeBytes, cancel);
            RunWorkers(queue, cancel);
            measure.Complete(sweep, [.. queue.Finished.Select((job, i) => new TensorSums(covered[i], job.Totals))]);

            TensorJob Open<T>(int i)
                where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
                _engine.Open(new TensorWork(_plan, covered[i].Plan, i, reader, null, cancel), stages.Bind(measure, current, covered[i], Kernels.For<T>()));
        }
    }

    private Tally Write(ModelStages stages, CheckpointReader reader, CheckpointWriter writer, CancellationToken cancel)
    {
        var queue = new WorkQueue(_plan.Tensors.Count, i => _plan.Tensors[i] switch
        {
            { Action: TensorAction.Merge, InDouble: true } => Open<double>(i),
            { Action: TensorAction.Merge } => Open<float>(i),
            _ => new CopyJob(_plan, i, reader, writer, cancel),
        }, _plan.Memory.WholeBytes, cancel);
        RunWorkers(queue, cancel);
        var tally = new Tally(_plan.Inputs.Count);
        foreach (TensorJob job in queue.Finished)
        {
            tally.Select(job.Plan);
            job.Report(tally);
        }

        return tally;

        TensorJob Open<T>(int i)
            where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _engine.Open<T>(new TensorWork(_plan, _plan.Tensors[i], i, reader, writer, cancel), stages.Bind(_plan.Tensors[i], Kernels.For<T>()));
    }

    private void RunWorkers(WorkQueue queue, CancellationToken cancel)
    {
        var threads = new Thread[_buffers.Length - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(queue, worker)) { IsBackground = true, Name = $"cabs merge {i + 2}" };
            threads[i].Start();
        }

        Work(queue, 0);
        foreach (Thread thread in threads)
            thread.Join();
        queue.ThrowFirstFailure();
        cancel.ThrowIfCancellationRequested();
    }

    private void Work(WorkQueue queue, int worker)
    {
        WorkBuffers buffers = _buffers[worker] ??= new WorkBuffers(_plan);
        while (queue.TryTake(out WorkUnit unit))
        {
            Exception? failure = null;
            try
            {
                _current = unit.Job.Plan.Output.Name;
                unit.Job.Run(unit.Index, buffers);
            }
            catch (Exception e)
            {
                // thrown again on the caller's thread, once all workers have stopped
                failure = e;
            }

            queue.Done(unit, failure);
        }
    }

    private void WriteSideFiles(CheckpointWriter writer)
    {
        if (_plan.ConfigText is { } config)
            writer.WriteFile(ModelConfig.FileName, config);
        foreach (string file in _plan.SideFiles)
            writer.CopyFile(file);
        foreach (TokenizerFile file in _plan.TokenizerFiles)
        {
            if (file.Content is { } content)
                writer.WriteFile(file.Name, content);
            else
                writer.CopyFile(file.Source!);
        }
    }

    private MergeResult Summarise(CheckpointWriter writer, CheckpointReader reader, Tally tally, IReadOnlyList<string> notes)
    {
        string[] names = [.. _plan.Definition.Inputs.Select(i => i.Name)];
        return new MergeResult
        {
            Path = writer.Destination,
            Method = _plan.Definition.Method.Name,
            Files = [.. new DirectoryInfo(writer.Destination).GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => new ResultFile(f.FullName, f.Length))],
            Vectors = [.. Enumerable.Range(0, names.Length).Where(i => _plan.Definition.Inputs[i].Contributes && tally.Knows(i)).Select(i => tally.Vector(i, names[i]))],
            Overlaps = tally.Pairs(names),
            Tensors = _plan.Tensors,
            LeftOut = _plan.LeftOut,
            Warnings = [.. _plan.Warnings, .. notes],
            LateWarnings = notes,
            Duration = _clock.Elapsed,
            BytesRead = reader.BytesRead,
            BytesWritten = writer.BytesWritten,
            PeakMemory = Process.GetCurrentProcess().PeakWorkingSet64,
            Threads = _plan.Memory.Threads,
        };
    }
}
