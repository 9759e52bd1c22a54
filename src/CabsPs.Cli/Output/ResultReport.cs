using CabsPs.Engine;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>What a merge did, for a person. The last line is the result's folder alone.</summary>
internal static class ResultReport
{
    /// <summary>Writes the closing tables.</summary>
    public static void Write(Streams streams, MergeResult result)
    {
        var report = new Report();
        var vectors = new Table("expert", ">weight", ">kept", ">share kept", ">norm kept");
        foreach (VectorSummary vector in result.Vectors)
            vectors.Add(vector.Name, Text.Significant(vector.Weight), Text.Count(vector.Kept), Words.Percent(vector.KeptShare), Words.Percent(vector.NormKept));
        report.Add(vectors);
        var overlaps = new Table("overlap", ">shared", ">Jaccard", ">of the smaller");
        foreach (PairSummary pair in result.Overlaps)
            overlaps.Add($"{pair.First} + {pair.Second}", Text.Count(pair.Shared), Text.Significant(pair.Jaccard), Words.Percent(pair.ShareOfSmaller));
        report.Add(overlaps);
        long merged = result.Tensors.LongCount(t => t.Action == TensorAction.Merge);
        report.Add($"merged {Words.Of(merged, "tensor")} by {result.Method}, copied {result.Tensors.Count - merged}, left out {result.LeftOut.Count}; {Text.Count(result.Tensors.Sum(t => t.Output.Count))} parameters, {Text.Bytes(result.Files.Sum(f => f.ByteLength))} in {Words.Of(result.Files.Count, "file")}");
        if (result.ResumedTensors > 0)
            report.Add($"{Words.Of(result.ResumedTensors, "tensor")} of {result.Tensors.Count} had been finished before");
        report.Add($"{Text.Time(result.Duration)}, {Text.Bytes(result.BytesPerSecond)}/s, peak memory {Text.Bytes(result.PeakMemory)}, {Words.Of(result.Threads, "thread")}");
        report.Add(result.Path);
        report.WriteTo(streams);
    }
}
