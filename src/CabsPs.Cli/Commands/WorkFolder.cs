using CabsPs.Engine.Search;

namespace CabsPs.Cli.Commands;

/// <summary>Where models lie while they are judged: beside a log, under a name that the next search with it finds, so that it can clear away what a killed one
/// has left.</summary>
internal sealed class WorkFolder : IDisposable
{
    public WorkFolder(string? given, string? log)
    {
        BelongsToLog = given is null && log is not null;
        Path = given ?? (log is null ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"cabs-{Guid.NewGuid():N}") : $"{log}.work");
    }

    /// <summary>The folder; made when it is needed.</summary>
    public string Path { get; }

    /// <summary>Whether no search with another log uses it.</summary>
    public bool BelongsToLog { get; }

    public void Dispose() => TrialMerger.RemoveEmpty(Path);
}
