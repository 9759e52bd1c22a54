using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>Times, memory and files: the only figures of a report that differ from run to run.</summary>
internal sealed class CostSection : Section
{
    public override string Id => "cost";

    public override string Title => "Time, memory and files";

    public override bool AppliesTo(ReportContent content) => content.Merges.Count + content.Measurements.Count > 0;

    public override void Write(Markup page, ReportContent content)
    {
        var table = new DataTable("What the merges cost", "merge", ">time", ">read", ">written", ">per second", ">peak memory", ">buffers", ">threads");
        foreach (ReportMerge merge in content.Merges)
        {
            if (merge.Cost is not { } cost)
                continue;
            table.Add(
                merge.Path is null ? $"{merge.Name} (planned)" : merge.Name,
                cost.Duration is { } time ? Text.Time(time) : "–",
                Text.Bytes(cost.BytesRead),
                Text.Bytes(cost.BytesWritten),
                cost.Duration is { } taken ? $"{Text.Bytes((cost.BytesRead + cost.BytesWritten) / Math.Max(taken.TotalSeconds, 1e-9))}/s" : "–",
                cost.PeakMemory is { } peak ? Text.Bytes(peak) : "–",
                Text.Bytes(cost.Buffers),
                $"{cost.Threads}");
        }

        foreach (ReportMeasurement measurement in content.Measurements)
            table.Add($"measuring {measurement.Name}", Text.Time(measurement.Result.Duration), Text.Bytes(measurement.Result.BytesRead), "–", $"{Text.Bytes(measurement.Result.BytesRead / Math.Max(measurement.Result.Duration.TotalSeconds, 1e-9))}/s", Text.Bytes(measurement.Result.PeakMemory), "–", $"{measurement.Result.Threads}");
        if (table.Count > 0)
            table.Write(page);
        foreach (ReportMerge merge in content.Merges.Where(m => m.Files.Count > 0))
        {
            var files = new DataTable($"Files of {merge.Name}", "file", ">size");
            foreach (OutputFile file in merge.Files)
                files.Add(file.Name, Text.Bytes(file.ByteLength));
            files.WriteFolded(page, merge.Path is { } path ? $"{Figures.Of(files.Count, "file")} in {path}" : $"{Figures.Of(files.Count, "file")} to be written");
        }
    }
}
