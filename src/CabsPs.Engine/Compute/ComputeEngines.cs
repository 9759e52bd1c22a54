using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Compute;

/// <summary>The engines of this build, those that it was made without included, with what to do about that.</summary>
public static class ComputeEngines
{
    private const string TorchAssembly = "CabsPs.Torch";
    private static readonly Lazy<EngineProvider> s_torch = new(LoadTorch);

    /// <summary>Names of all engines, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [ManagedEngine.Instance.Name, AbsentTorch.EngineName];

    /// <summary>What is there: engines, versions, devices, and what is missing.</summary>
    public static IReadOnlyList<EngineInfo> List() =>
    [
        new EngineInfo(ManagedEngine.Instance.Name, VersionOf(typeof(ComputeEngines).Assembly), [Processor()], null),
        s_torch.Value.Describe(),
    ];

    /// <summary>Makes an engine ready.</summary>
    /// <param name="name">Its name; null for the default, or for the one that computes on the device where that is not the processor.</param>
    /// <param name="device">A device; null for the engine's usual one.</param>
    /// <exception cref="CabsException">There is no such engine or device, or a library is missing.</exception>
    public static ComputeEngine Open(string? name, string? device = null)
    {
        ComputeEngine managed = ManagedEngine.Instance;
        switch (name?.ToLowerInvariant())
        {
            case null when device is null:
                return managed;
            case null or "managed" when device is not null && !device.Equals(managed.Device, StringComparison.OrdinalIgnoreCase):
                throw new CabsException(CabsError.ParameterInvalid, $"device {Text.Quote(device)} is not one of the managed engine, which computes on {managed.Device}; choose engine {AbsentTorch.EngineName} for it", device);
            case null or "managed":
                return managed;
            case AbsentTorch.EngineName:
                return s_torch.Value.Open(device?.ToLowerInvariant());
            default:
                throw new CabsException(CabsError.ParameterInvalid, $"unknown engine {Text.Quote(name)}{Suggestion.Hint(name, Names)} (known: {string.Join(", ", Names)})", name);
        }
    }

    /// <summary>The processor as a device.</summary>
    public static EngineDevice Processor() =>
        new("cpu", $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}, {Environment.ProcessorCount} core(s)", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>An assembly's version, without the revision it was built from.</summary>
    public static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? assembly.GetName().Version?.ToString() ?? string.Empty;

    // where this assembly was loaded, so that a module's own load context keeps all of it
    private static EngineProvider LoadTorch()
    {
        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(ComputeEngines).Assembly) ?? AssemblyLoadContext.Default;
        try
        {
            Type provider = context.LoadFromAssemblyName(new AssemblyName(TorchAssembly)).GetExportedTypes().Single(t => t.IsSubclassOf(typeof(EngineProvider)));
            return (EngineProvider)Activator.CreateInstance(provider)!;
        }
        catch (FileNotFoundException)
        {
            return new AbsentTorch();
        }
    }

    /// <summary>The torch engine in a build without it.</summary>
    private sealed class AbsentTorch : EngineProvider
    {
        public const string EngineName = "torch";
        private const string Remedy = "this build of Cabs comes without the torch engine; build it with 'dotnet build -p:WithTorch=true', which takes the TorchSharp package (build.ps1 does so where the package can be restored)";

        public override string Name => EngineName;

        public override EngineInfo Describe() => new(EngineName, string.Empty, [], Remedy);

        public override ComputeEngine Open(string? device) => throw new CabsException(CabsError.EngineUnavailable, $"engine {EngineName} is not there: {Remedy}", EngineName);
    }
}
