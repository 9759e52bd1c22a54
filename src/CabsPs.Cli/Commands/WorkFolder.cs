using CabsPs.Engine.Search;

namespace CabsPs.Cli.Commands;

/// <summary>Where models lie while they are judged: under a name that the next search with the same log finds, so that it can clear away what a killed one has
/// left.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly bool _own;

    public WorkFolder(string? given, string? log)
    {
        _own = given is null;
        Path = given ?? (log is null ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"cabs-{Guid.NewGuid():N}") : $"{log}.work");
    }

    /// <summary>The folder; made when it is needed.</summary>
    public string Path { get; }

    public void Dispose()
    {
        if (_own)
            TrialMerger.Remove(Path);
    }
}
