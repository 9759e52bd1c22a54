using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;

namespace CabsPs.Fuzzing;

/// <summary>Tries a journal beside the unfinished result of a killed merge: the merge goes on with it and ends in the right bytes, or refuses, and
/// ends in them without resuming.</summary>
public static class JournalTrial
{
    /// <summary>Tries a journal.</summary>
    /// <param name="right">The right result.</param>
    /// <param name="journal">The hostile journal.</param>
    /// <param name="damage">Changes the unfinished result.</param>
    /// <param name="options">Whether the merge compares inputs deeply.</param>
    public static Outcome Run(RightResult right, byte[] journal, Action<string> damage, MergeOptions options)
    {
        var rules = new JournalRules(right.Journal, journal);
        return Attempts.Run(right.Folder, attempts =>
        {
            right.Clear();
            right.WriteUnfinished();
            File.WriteAllBytes(Path.Combine(right.Partial, "journal"), journal);
            damage(Path.Combine(right.Partial, "result"));
            if (attempts.Try(() => right.Merge(options with { Resume = true }, plan => attempts.Expect(plan, merges: true))))
                Check(attempts, right, rules, options);
            else if (Directory.Exists(right.Destination))
                attempts.Fault("a merge that was refused leaves a result");
            foreach (string stranger in right.Strangers)
                attempts.Fault($"leaves {stranger}");
            if (Directory.Exists(right.Destination))
                return;
            right.Merge(options);
            if (!right.IsRight())
                attempts.Fault("without resuming the result is not the right one");
        });
    }

    private static void Check(Attempts attempts, RightResult right, JournalRules rules, MergeOptions options)
    {
        if (Directory.Exists(right.Partial))
            attempts.Fault("the unfinished result is left");
        if (right.IsRight())
            return;
        byte[] manifest = File.ReadAllBytes(Path.Combine(right.Destination, MergeManifest.FileName));
        if (!rules.SaysOtherFigures || !right.IsRight(manifest) || !JournalRules.DifferInFigures(right.Manifest, manifest))
            attempts.Fault("ends in another result");
        if (!new CheckpointVerification(right.Destination, sha256: true).Execute(threads: 1).IsGood || right.Merge(options with { Resume = true }).ResumedTensors != right.TensorCount)
            attempts.Fault("its result is not taken for one");
    }
}
