using CabsPs.Engine.Compute;

namespace CabsPs;

/// <summary>A compute engine: what a merge is computed with.</summary>
public sealed class CabsEngine
{
    internal CabsEngine(EngineInfo engine)
    {
        Name = engine.Name;
        Version = engine.Version;
        IsAvailable = engine.IsAvailable;
        Device = [.. engine.Devices.Select(d => new CabsDevice(d.Name, d.Description, d.MemoryBytes))];
        Missing = engine.Missing;
    }

    /// <summary>The name that -Engine takes.</summary>
    public string Name { get; }

    /// <summary>Its version, and that of the libraries it stands on; empty where it is not there.</summary>
    public string Version { get; }

    /// <summary>Whether a merge can be computed with it.</summary>
    public bool IsAvailable { get; }

    /// <summary>What it can compute on.</summary>
    public IReadOnlyList<CabsDevice> Device { get; }

    /// <summary>What is missing and what to install for it; null where nothing is.</summary>
    public string? Missing { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A device that an engine computes on.</summary>
/// <param name="Name">The name that -Device takes.</param>
/// <param name="Description">What it is.</param>
/// <param name="MemoryBytes">Its memory; null where that cannot be told.</param>
public sealed record CabsDevice(string Name, string Description, long? MemoryBytes)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
