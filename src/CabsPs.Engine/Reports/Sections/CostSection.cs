using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>Times, memory and files: the only figures of a report that differ from run to run.</summary>
internal sealed class CostSection : Section
{
    public override string Id => "cost";

    public override string Title => "Time, memory and files";

    public override bool AppliesTo(ReportContent content) => content.Merges.Count > 0;

    public override void Write(Markup page, ReportContent content)
    {
        var table = new DataTable("What the merges cost", "merge", ">time", ">read", ">written", ">per second", ">peak memory", ">buffers", ">threads");
        foreach (ReportMerge merge in content.Merges)
        {
            MergePlan plan = merge.Plan;
            if (merge.Result is { } result)
                table.Add(merge.Name, Text.Time(result.Duration), Text.Bytes(result.BytesRead), Text.Bytes(result.BytesWritten), $"{Text.Bytes(result.BytesPerSecond)}/s", Text.Bytes(result.PeakMemory), Text.Bytes(plan.Memory.ExpectedBytes), $"{result.Threads}");
            else
                table.Add($"{merge.Name} (planned)", "–", Text.Bytes(plan.BytesToRead), Text.Bytes(plan.Layout.TensorBytes), "–", "–", Text.Bytes(plan.Memory.ExpectedBytes), $"{plan.Memory.Threads}");
        }

        table.Write(page);
        foreach (ReportMerge merge in content.Merges)
        {
            var files = new DataTable($"Files of {merge.Name}", "file", ">size");
            IEnumerable<(string, long)> list = merge.Result is { } result ? result.Files.Select(f => (Path.GetFileName(f.Path), f.ByteLength)) : merge.Plan.OutputFiles.Select(f => (f.Name, f.ByteLength));
            foreach ((string name, long bytes) in list)
                files.Add(name, Text.Bytes(bytes));
            files.WriteFolded(page, $"{Figures.Of(files.Count, "file")}{(merge.Result is { } done ? $" in {done.Path}" : $" of {merge.Name}")}");
        }
    }
}
