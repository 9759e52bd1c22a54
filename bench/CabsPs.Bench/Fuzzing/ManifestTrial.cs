using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Reports;

namespace CabsPs.Fuzzing;

/// <summary>Tries a manifest beside right files: verifies them, reads what it says for a report, and merges with resuming into the folder.</summary>
public static class ManifestTrial
{
    /// <summary>Tries a manifest.</summary>
    /// <param name="right">The right result.</param>
    /// <param name="manifest">The hostile manifest.</param>
    /// <param name="options">Whether the merge compares inputs deeply, and replaces.</param>
    public static Outcome Run(RightResult right, byte[] manifest, MergeOptions options)
    {
        var rules = new ManifestRules(right.Manifest, manifest);
        return Attempts.Run(right.Folder, attempts =>
        {
            right.Clear();
            right.WriteResult();
            File.WriteAllBytes(Path.Combine(right.Destination, MergeManifest.FileName), manifest);
            attempts.Try(() => Verify(attempts, right, rules));
            attempts.Try(() => MergedFolder.Read(right.Destination));
            bool done = attempts.Try(() =>
            {
                MergeResult result = right.Merge(options with { Resume = true }, plan => attempts.Expect(plan, merges: true));
                if (result.ResumedTensors == right.TensorCount && !rules.IsOfMerge(options.ResumeDeep))
                    attempts.Fault("another manifest is taken for that of this merge");
                if (result.ResumedTensors < right.TensorCount && (!options.Force || !right.IsRight()))
                    attempts.Fault("what was there is replaced, or by something else");
            });
            if (!right.IsRight(manifest) && !(done && right.IsRight()))
                attempts.Fault("a file of the folder is changed");
            foreach (string stranger in right.Strangers.Concat(Directory.Exists(right.Partial) ? [right.Partial] : []))
                attempts.Fault($"leaves {stranger}");
        });
    }

    private static void Verify(Attempts attempts, RightResult right, ManifestRules rules)
    {
        VerificationResult result = new CheckpointVerification(right.Destination, sha256: true).Execute(threads: 1);
        if (result.IsGood && !rules.FitsFiles)
            attempts.Fault("all is well with a manifest that the files do not fit");
        if (!result.IsGood && rules.IsSame)
            attempts.Fault($"the right manifest is found wrong: {result.Problems[0].Message}");
        foreach (CheckpointProblem problem in result.Problems)
        {
            if (problem.Message.Length is 0 or > 5000 || problem.Message.Any(char.IsControl) || !problem.Message.Contains(right.Destination, StringComparison.Ordinal) && problem.Tensor is null)
                attempts.Fault($"problem is not one line with a place: {problem.Message}");
            if (problem.File != right.Destination && Path.GetDirectoryName(problem.File) != right.Destination && problem.Tensor is null)
                attempts.Fault($"a file elsewhere was looked at: {problem.File}");
        }
    }
}
