using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace CabsPs;

/// <summary>Loads the engine and its packages from <c>lib</c> into a context of their own, so that another module's version of
/// the same package never meets ours.</summary>
internal sealed class EngineLoadContext : AssemblyLoadContext
{
    private const string EngineName = "CabsPs.Engine";
    private static readonly Lock s_lock = new();
    private static EngineLoadContext? s_instance;
    private readonly string _folder;

    private EngineLoadContext(string folder)
        : base("Cabs", isCollectible: false) => _folder = folder;

    /// <summary>Makes the default context ask here for the engine. May be called any number of times, from any runspace.</summary>
    public static void Register()
    {
        lock (s_lock)
        {
            if (s_instance is not null)
                return;
            string own = Path.GetDirectoryName(typeof(EngineLoadContext).Assembly.Location)!;
            var context = new EngineLoadContext(Path.Combine(own, "lib"));
            Default.Resolving += (_, name) => name.Name == EngineName ? context.LoadFromAssemblyName(name) : null;
            s_instance = context;
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string file = Path.Combine(_folder, assemblyName.Name + ".dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        string name = OperatingSystem.IsWindows() ? $"{unmanagedDllName}.dll" : OperatingSystem.IsMacOS() ? $"lib{unmanagedDllName}.dylib" : $"lib{unmanagedDllName}.so";
        string file = Path.Combine(_folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", name);
        return File.Exists(file) ? LoadUnmanagedDllFromPath(file) : 0;
    }
}

/// <summary>What PowerShell calls when it imports the module.</summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport() => EngineLoadContext.Register();
}
