using System.Runtime.InteropServices;

namespace CabsPs.Engine.Checkpoints;

/// <summary>What .NET does not offer of a Unix file system: flushing a folder, so that names in it survive a loss of power, and swapping
/// two folders in one step. Does nothing, or says no, where the system has no such call.</summary>
internal static partial class FileSystemCalls
{
    private const int CurrentFolder = -100;
    private const uint Exchange = 2;

    /// <summary>Flushes the names in a folder to the disk.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void FlushFolder(string path)
    {
        // Windows writes names through its journal
        if (OperatingSystem.IsWindows())
            return;
        int file = Open(path, 0);
        if (file < 0)
            return;
        int result = Flush(file), error = Marshal.GetLastPInvokeError();
        _ = Close(file);
        const int inputOutputError = 5;
        // some file systems cannot flush folders, which is not an error of the disk
        if (result < 0 && error == inputOutputError)
            throw new IOException($"{path}: flushing failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Gives each of two folders the other's name in one step, so that there is no moment without either.</summary>
    /// <returns>False where the system or file system cannot.</returns>
    public static bool TryExchange(string a, string b)
    {
        try
        {
            return OperatingSystem.IsLinux() ? ExchangeOnLinux(CurrentFolder, a, CurrentFolder, b, Exchange) == 0
                : OperatingSystem.IsMacOS() && ExchangeOnMac(a, b, Exchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ExchangeOnLinux(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ExchangeOnMac(string from, string to, uint flags);
}
