using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace CabsPs.Bench;

/// <summary>What a killed merge left under the name of its result.</summary>
public enum AfterKill
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>What was there before.</summary>
    Old,

    /// <summary>The whole result: the process died between its last rename and its end.</summary>
    Complete,

    /// <summary>The process had ended before it could be killed.</summary>
    NotKilled,
}

/// <summary>Kills <c>cabs merge</c> with SIGKILL and looks at what it leaves, then lets <c>--resume</c> end it.</summary>
/// <param name="host">The .NET host.</param>
/// <param name="program">cabs.dll.</param>
/// <param name="folder">The folder with the recipe and the models, which gets the results.</param>
/// <param name="arguments">Of the merge: recipe and options, without where the result goes.</param>
public sealed class CrashTrial(string host, string program, string folder, params string[] arguments)
{
    private readonly string _destination = Path.Combine(folder, "merged");

    /// <summary>What the uninterrupted merge's files hash to.</summary>
    public string Expected { get; private set; } = string.Empty;

    /// <summary>How long the uninterrupted merge took.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>Tensors that the last merge kept of the killed one.</summary>
    public int Kept { get; private set; }

    /// <summary>Merges without interruption.</summary>
    public void Prepare()
    {
        var clock = Stopwatch.StartNew();
        Run("--force");
        Time = clock.Elapsed;
        Expected = HashOf(_destination);
    }

    /// <summary>Kills a merge after some time, looks, and goes on with it.</summary>
    /// <param name="after">When to kill.</param>
    /// <param name="old">A folder that lies in the result's place before; null leaves none.</param>
    /// <param name="again">When to kill the merge that goes on, too; null lets it end.</param>
    /// <exception cref="InvalidOperationException">A promise was broken.</exception>
    public AfterKill Run(TimeSpan after, string? old, TimeSpan? again)
    {
        Remove(_destination);
        if (old is not null)
            Copy(old, _destination);
        string[] options = old is null ? ["--resume"] : ["--resume", "--force"];
        AfterKill state = Kill(after, options, old);
        if (again is { } later)
            Kill(later, options, old);
        Run(options);
        if (HashOf(_destination) != Expected)
            throw new InvalidOperationException("the resumed result differs from the uninterrupted one");
        if (Directory.GetFileSystemEntries(folder, ".*").FirstOrDefault() is { } left)
            throw new InvalidOperationException($"{left} stayed behind");
        return state;
    }

    /// <summary>One hash of all files of a folder and their names.</summary>
    public static string HashOf(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, file)));
            using FileStream stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private AfterKill Kill(TimeSpan after, string[] options, string? old)
    {
        using Process process = Start(options);
        if (!process.WaitForExit(after))
            process.Kill();
        process.WaitForExit();
        if (process.ExitCode == 0)
            return AfterKill.NotKilled;
        // 128 + SIGKILL
        if (process.ExitCode != 137)
            throw new InvalidOperationException($"exit code {process.ExitCode}: {process.StandardError.ReadToEnd()}");
        if (!Directory.Exists(_destination))
            return old is null ? AfterKill.Absent : throw new InvalidOperationException("the old result is gone");
        string found = HashOf(_destination);
        return found == Expected ? AfterKill.Complete
            : old is not null && found == HashOf(old) ? AfterKill.Old
            : throw new InvalidOperationException("something half-written has the result's name");
    }

    private void Run(params string[] options)
    {
        using Process process = Start([.. options, "--json"]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"exit code {process.ExitCode}: {error.Result}");
        using var result = System.Text.Json.JsonDocument.Parse(output);
        Kept = result.RootElement.GetProperty("resumedTensors").GetInt32();
    }

    private Process Start(string[] options) => Process.Start(new ProcessStartInfo(host, [program, "merge", .. arguments, "--out", _destination, .. options])
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
