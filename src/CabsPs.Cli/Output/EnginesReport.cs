using CabsPs.Engine;
using CabsPs.Engine.Compute;

namespace CabsPs.Cli.Output;

/// <summary>Compute engines and their devices.</summary>
internal static class EnginesReport
{
    /// <summary>Writes them for a person.</summary>
    public static void Write(Streams streams)
    {
        IReadOnlyList<EngineInfo> engines = ComputeEngines.List();
        var table = new Table("engine", "device", ">memory", "what it is", "version");
        foreach (EngineInfo engine in engines)
        {
            if (!engine.IsAvailable)
                table.Add(engine.Name, "none", string.Empty, "not available", engine.Version);
            foreach (EngineDevice device in engine.Devices)
                table.Add(engine.Name, device.Name, device.MemoryBytes is { } bytes ? Text.Bytes(bytes) : string.Empty, device.Description, engine.Version);
        }

        var report = new Report();
        report.Add(table);
        foreach (EngineInfo engine in engines.Where(e => e.Missing is not null))
            report.Add($"{engine.Name}: {engine.Missing}");
        report.WriteTo(streams);
    }

    /// <summary>Writes them for a program.</summary>
    public static void WriteJson(Streams streams) => Json.Write(streams, json => json.Objects("engines", ComputeEngines.List(), engine =>
    {
        json.WriteString("name", engine.Name);
        json.WriteBoolean("available", engine.IsAvailable);
        json.WriteString("version", engine.Version);
        json.Objects("devices", engine.Devices, device =>
        {
            json.WriteString("name", device.Name);
            json.WriteString("description", device.Description);
            if (device.MemoryBytes is { } bytes)
                json.WriteNumber("memoryBytes", bytes);
            else
                json.WriteNull("memoryBytes");
        });
        json.WriteString("missing", engine.Missing);
    }));
}
