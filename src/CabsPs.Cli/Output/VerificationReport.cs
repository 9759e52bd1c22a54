using CabsPs.Engine;
using CabsPs.Engine.Integrity;

namespace CabsPs.Cli.Output;

/// <summary>What is wrong with a model on disk.</summary>
internal static class VerificationReport
{
    /// <summary>For a person: a line for every problem, then what was looked at.</summary>
    public static void Write(Streams streams, VerificationResult result)
    {
        var report = new Report();
        foreach (CheckpointProblem problem in result.Problems)
            report.Add(problem.Message);
        var files = new Table("file", ">size", "SHA-256");
        foreach (VerifiedFile file in result.Files.Where(f => f.Sha256 is not null))
            files.Add(Path.GetFileName(file.Path), Text.Bytes(file.ByteLength), file.Sha256!);
        report.Add(files);
        string against = result.HasManifest ? "all hashes compared with cabs.json" : "no hashes to compare with; structure and values looked at";
        string outcome = result.IsGood ? "good" : Words.Of(result.Problems.Count, "problem");
        report.Add($"{result.Path}: {outcome}; {Words.Of(result.TensorCount, "tensor")}, {Text.Bytes(result.ByteLength)} in {Text.Time(result.Duration)}; {against}");
        report.WriteTo(streams);
    }

    /// <summary>For a program.</summary>
    public static void WriteJson(Streams streams, VerificationResult result) => Json.Write(streams, json =>
    {
        json.WriteString("path", result.Path);
        json.WriteBoolean("good", result.IsGood);
        json.WriteBoolean("hashesCompared", result.HasManifest);
        json.WriteNumber("tensors", result.TensorCount);
        json.WriteNumber("bytes", result.ByteLength);
        json.Objects("files", result.Files, file =>
        {
            json.WriteString("path", file.Path);
            json.WriteNumber("bytes", file.ByteLength);
            if (file.Sha256 is { } sha256)
                json.WriteString("sha256", sha256);
        });
        json.Objects("problems", result.Problems, problem =>
        {
            json.WriteString("kind", char.ToLowerInvariant(problem.Kind.ToString()[0]) + problem.Kind.ToString()[1..]);
            json.WriteString("file", problem.File);
            json.WriteString("tensor", problem.Tensor);
            json.WriteString("message", problem.Message);
        });
        json.Number("seconds", result.Duration.TotalSeconds);
    });
}
