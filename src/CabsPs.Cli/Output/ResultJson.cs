using System.Text.Json;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>What a merge did, for a program.</summary>
internal static class ResultJson
{
    /// <summary>Writes the results of a recipe: of one merge its members, of several a list.</summary>
    public static void Write(Streams streams, IReadOnlyList<(string? Name, MergeResult Result)> results) => Json.Write(streams, json =>
    {
        if (results is [var only])
        {
            Write(json, only.Result);
            return;
        }

        json.Objects("results", results, entry =>
        {
            json.WriteString("name", entry.Name);
            Write(json, entry.Result);
        });
    });

    private static void Write(Utf8JsonWriter json, MergeResult result)
    {
        json.WriteString("path", result.Path);
        json.WriteString("method", result.Method);
        json.Objects("files", result.Files, file =>
        {
            json.WriteString("path", file.Path);
            json.WriteNumber("bytes", file.ByteLength);
            json.WriteString("hash", file.Hash);
            if (file.Sha256 is { } sha256)
                json.WriteString("sha256", sha256);
        });
        json.Objects("vectors", result.Vectors, vector =>
        {
            json.WriteString("name", vector.Name);
            json.Number("weight", vector.Weight);
            json.WriteNumber("kept", vector.Kept);
            json.Number("keptShare", vector.KeptShare);
            json.Number("normKept", vector.NormKept);
        });
        json.Objects("overlaps", result.Overlaps, pair =>
        {
            json.WriteString("first", pair.First);
            json.WriteString("second", pair.Second);
            json.WriteNumber("shared", pair.Shared);
            json.Number("jaccard", pair.Jaccard);
            json.Number("shareOfSmaller", pair.ShareOfSmaller);
        });
        json.Tensors(result.Tensors, result.LeftOut, result.Warnings);
        json.WriteNumber("resumedTensors", result.ResumedTensors);
        json.Number("seconds", result.Duration.TotalSeconds);
        json.WriteNumber("bytesRead", result.BytesRead);
        json.WriteNumber("bytesWritten", result.BytesWritten);
        json.Number("bytesPerSecond", Math.Round(result.BytesPerSecond));
        json.WriteNumber("peakMemory", result.PeakMemory);
        json.WriteNumber("threads", result.Threads);
    }
}
