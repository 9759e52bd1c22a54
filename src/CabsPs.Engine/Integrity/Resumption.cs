using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>What an interrupted merge has finished, once it is certain that it was the same merge.</summary>
internal sealed class Resumption
{
    private readonly MergePlan _plan;
    private readonly StagingFolder _staging;
    private readonly JournalContent? _journal;

    private Resumption(MergePlan plan, StagingFolder staging, MergeManifest? manifest, JournalContent? journal) =>
        (_plan, _staging, Manifest, _journal) = (plan, staging, manifest, journal);

    /// <summary>The manifest of the destination, where that is this merge's complete result.</summary>
    public MergeManifest? Manifest { get; }

    /// <summary>Looks for what is finished; null where nothing is.</summary>
    /// <exception cref="CabsException">What lies there is another merge's, or an input has changed since.</exception>
    public static Resumption? Find(MergePlan plan, PlanIdentity identity, StagingFolder staging, CheckpointReader reader, CancellationToken cancel)
    {
        // between its last rename and its end a merge has its result, and unfinished work that is not worth anything
        if (FindComplete(plan, identity, staging.Destination, reader, cancel) is { } manifest)
            return new Resumption(plan, staging, manifest, null);
        if (MergeJournal.Read(staging.Journal) is not { } journal)
            return null;
        if (identity.DifferenceFrom(journal.Identity, !plan.Options.ResumeDeep) is { } difference)
            throw new CabsException(CabsError.ResumeMismatch, $"{staging.Destination}: the unfinished merge is not this one: {difference}; begin anew without resuming", staging.Destination);
        if (plan.Options.ResumeDeep)
            CompareInputs(plan, name => journal.Records.GetValueOrDefault(name)?.Inputs, reader, cancel);
        return new Resumption(plan, staging, null, journal);
    }

    /// <summary>Goes on with the journal; fills in the tensors whose bytes are found as they were written.</summary>
    public MergeJournal Continue(TensorRecord?[] records, CancellationToken cancel)
    {
        using var reader = new CheckpointReader();
        var places = _plan.Layout.Shards.SelectMany(s => s.Offsets.Select(o => (o.Key, s.FileName, Offset: o.Value))).ToDictionary(p => p.Key, StringComparer.Ordinal);
        InParallel.For(records.Length, _plan.Memory.Threads, cancel, i =>
        {
            OutputTensor output = _plan.Tensors[i].Output;
            if (_journal!.Records.GetValueOrDefault(output.Name) is not { } record || !Fits(record, _plan.Tensors[i], _plan.Inputs.Count))
                return;
            (_, string file, long offset) = places[output.Name];
            var written = new TensorInfo(output.Name, output.Type, output.Shape, output.Count, Path.Combine(_staging.Result, file), offset);
            if (HashOf(written) == record.Output)
                records[i] = record;
        });
        return MergeJournal.Continue(_staging.Journal, _journal!.End);

        Digest? HashOf(TensorInfo written)
        {
            try
            {
                return Digest.Of(reader, written, cancel);
            }
            catch (CabsException)
            {
                // a loss of power can take a file or its end
                return null;
            }
        }
    }

    private static MergeManifest? FindComplete(MergePlan plan, PlanIdentity identity, string destination, CheckpointReader reader, CancellationToken cancel)
    {
        if (!Directory.Exists(destination) || Destination.IsEmpty(destination))
            return null;
        MergeManifest? manifest = null;
        try
        {
            manifest = MergeManifest.Read(destination);
        }
        catch (CabsException) when (plan.Options.Force)
        {
            // it will be replaced
        }
        catch (CabsException e)
        {
            throw new CabsException(e.Error, $"{e.Message}; give a new folder or force replacing what lies there", destination, e);
        }

        if (manifest is null)
            return plan.Options.Force ? null : throw new CabsException(CabsError.OutputNotEmpty, $"{destination}: holds files already, which no merge wrote; give a new folder or force replacing it", destination);
        if (identity.DifferenceFrom(manifest.Root, !plan.Options.ResumeDeep) is { } difference)
            return plan.Options.Force ? null : throw new CabsException(CabsError.ResumeMismatch, $"{destination}: holds the result of another merge: {difference}; give a new folder or force replacing it", destination);
        if (Lack(plan, manifest, destination) is { } lack)
            return plan.Options.Force ? null : throw new CabsException(CabsError.ResumeMismatch, $"{destination}: is not the whole result of this merge: {lack}; give a new folder or force replacing it", destination);
        if (plan.Options.ResumeDeep)
            CompareInputs(plan, manifest.Inputs.GetValueOrDefault, reader, cancel);
        return manifest;
    }

    // what tells at a glance that a result is not whole; to read every byte is what verifying is for
    private static string? Lack(MergePlan plan, MergeManifest manifest, string destination)
    {
        if (plan.Tensors.FirstOrDefault(t => !manifest.Tensors.ContainsKey(t.Output.Name) || manifest.Inputs[t.Output.Name].Count != t.Read.Count()) is { } tensor)
            return $"{MergeManifest.FileName} does not tell of tensor {Text.Quote(tensor.Output.Name)}";
        if (manifest.Tensors.Count != plan.Tensors.Count)
            return $"{MergeManifest.FileName} lists {manifest.Tensors.Count} tensors, and it has {plan.Tensors.Count}";
        if (!plan.Definition.Inputs.Select(i => i.Name).ToHashSet(StringComparer.Ordinal).IsSupersetOf(manifest.Vectors.Select(v => v.Name)))
            return $"{MergeManifest.FileName} tells of a model that is not merged";
        if (manifest.Weights.Select(w => w.Name).Concat(manifest.Files.Select(f => f.Name)).FirstOrDefault(n => !File.Exists(Path.Combine(destination, n))) is { } missing)
            return $"{Text.Quote(missing)} is missing";
        // people write in model cards and configs
        return manifest.Weights.Select(w => (w.Name, Written: w.ByteLength, InputFile.Look(Path.Combine(destination, w.Name)).Length)).FirstOrDefault(w => w.Length != w.Written) is { Name: { } cut } other
            ? $"{Text.Quote(cut)} has {other.Length} bytes instead of {other.Written}" : null;
    }

    // figures of a line that was not written for this tensor would end in places that there are not
    private static bool Fits(TensorRecord record, TensorPlan tensor, int inputs)
    {
        long count = tensor.Output.Count;
        return record.Inputs.Count == tensor.Read.Count()
            && record.Figures.Vectors.All(v => v.Input >= 0 && v.Input < inputs && v.Total == count && v.Kept >= 0 && v.Kept <= count)
            && record.Figures.Pairs.All(p => p.A >= 0 && p.A < p.B && p.B < inputs && p.Shared >= 0 && p.Shared <= Math.Min(p.KeptA, p.KeptB) && Math.Max(p.KeptA, p.KeptB) <= count);
    }

    private static void CompareInputs(MergePlan plan, Func<string, IReadOnlyList<Digest>?> hashesOf, CheckpointReader reader, CancellationToken cancel) =>
        InParallel.For(plan.Tensors.Count, plan.Memory.Threads, cancel, i =>
        {
            TensorPlan tensor = plan.Tensors[i];
            foreach ((TensorInfo input, Digest hash) in tensor.Read.Zip(hashesOf(tensor.Output.Name) ?? []))
            {
                if (Digest.Of(reader, input, cancel) != hash)
                    throw new CabsException(CabsError.ResumeMismatch, $"{input.File}: tensor {Text.Quote(input.Name)} is not what was merged before; begin anew without resuming", input.File);
            }
        });
}
