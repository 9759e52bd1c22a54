namespace CabsPs.Engine.Compute;

/// <summary>A device that an engine computes on.</summary>
/// <param name="Name">The name it is chosen by.</param>
/// <param name="Description">What it is.</param>
/// <param name="MemoryBytes">Its memory; null where that cannot be told.</param>
public sealed record EngineDevice(string Name, string Description, long? MemoryBytes);

/// <summary>A compute engine as it is listed.</summary>
/// <param name="Name">The name it is chosen by.</param>
/// <param name="Version">Its version, and that of the libraries it stands on; empty where it is not there.</param>
/// <param name="Devices">What it can compute on; none where it is not there.</param>
/// <param name="Missing">What is missing and what to install for it; null where nothing is.</param>
public sealed record EngineInfo(string Name, string Version, IReadOnlyList<EngineDevice> Devices, string? Missing)
{
    /// <summary>Whether a merge can be computed with it.</summary>
    public bool IsAvailable => Devices.Count > 0;
}

/// <summary>Finds an engine's libraries and devices. An engine in an assembly of its own has one public class that derives from it.</summary>
public abstract class EngineProvider
{
    /// <summary>The engine's name.</summary>
    public abstract string Name { get; }

    /// <summary>What is there of it. Never throws.</summary>
    public abstract EngineInfo Describe();

    /// <summary>Makes the engine ready.</summary>
    /// <param name="device">A device; null for its usual one.</param>
    /// <exception cref="CabsException">A library or the device is not there.</exception>
    public abstract ComputeEngine Open(string? device);
}
