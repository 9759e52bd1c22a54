using System.Diagnostics;
using System.Runtime.InteropServices;
using CabsPs.Engine;
using TorchSharp;

namespace CabsPs.Torch;

/// <summary>Finds and loads libtorch. TorchSharp's native part is found like any package's; libtorch beside it, in the folder that the
/// environment variable <see cref="Folder"/> names, or where the system keeps its libraries.</summary>
internal static class TorchLibrary
{
    /// <summary>The environment variable that names a folder with libtorch (or one whose subfolder lib has it).</summary>
    public const string Folder = "CABS_LIBTORCH";

    private const string Binding = "LibTorchSharp";
    private static readonly string[] s_parts = ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];
    private static readonly Lazy<string?> s_failure = new(Load);

    /// <summary>What to do about a missing library; null when all are loaded.</summary>
    public static string? Failure => s_failure.Value;

    /// <summary>The file of libtorch that was loaded; null where that cannot be told.</summary>
    public static string? Path
    {
        get
        {
            using var own = Process.GetCurrentProcess();
            return own.Modules.Cast<ProcessModule>().FirstOrDefault(m => m.ModuleName.Contains("torch_cpu", StringComparison.Ordinal))?.FileName;
        }
    }

    // before TorchSharp tries, which tells of a failure on the console
    private static string? Load()
    {
        try
        {
            if (Environment.GetEnvironmentVariable(Folder) is { Length: > 0 } folder && LoadFrom(folder) is { } failure)
                return failure;
            NativeLibrary.Load(Binding, typeof(torch).Assembly, null);
            torch.InitializeDeviceType(DeviceType.CPU);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or NotSupportedException or TypeInitializationException or EntryPointNotFoundException)
        {
            return $"libtorch could not be loaded ({Text.OneLine(FirstLine(e))}); install it (package libtorch-cpu or libtorch-cuda, or the system's libtorch) and name its folder in {Folder} where it is not among the system's libraries";
        }
    }

    // in the order in which they need each other, so that the binding finds them loaded
    private static string? LoadFrom(string folder)
    {
        string? home = new[] { folder, System.IO.Path.Combine(folder, "lib") }.FirstOrDefault(f => File.Exists(System.IO.Path.Combine(f, FileName("torch_cpu"))));
        if (home is null)
            return $"{Folder} is {Text.Quote(folder)}, and there is no {FileName("torch_cpu")} in it; name the folder that holds libtorch, or unset it";
        foreach (string part in s_parts.Select(p => System.IO.Path.Combine(home, FileName(p))).Where(File.Exists))
            NativeLibrary.Load(part);
        return null;
    }

    private static string FileName(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static string FirstLine(Exception e) => (e.InnerException ?? e).Message.Split('\n', 2)[0].Trim();
}
