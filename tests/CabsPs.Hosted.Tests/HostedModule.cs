using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace CabsPs.Hosted.Tests;

/// <summary>The built module in a runspace of this process, at work in a copy of the example models.</summary>
public sealed class HostedModule : IDisposable
{
    private static readonly string s_root = FindRoot();
    private readonly Runspace _runspace;

    public HostedModule()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.ImportPSModule(Path.Combine(s_root, "module", "Cabs.psd1"));
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.RemoteSigned;
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.Open();
        Folder = Directory.CreateTempSubdirectory("cabs-hosted-").FullName;
        Call("Copy-Item -Recurse (Join-Path $args[0] examples/digits/*) $args[1]; Set-Location $args[1]", s_root, Folder);
    }

    /// <summary>The repository.</summary>
    public static string Root => s_root;

    /// <summary>The current location of the runspace.</summary>
    public string Folder { get; }

    /// <summary>Runs a script that must not fail.</summary>
    /// <returns>What it emits.</returns>
    public IReadOnlyList<PSObject> Call(string script, params object[] arguments)
    {
        (IReadOnlyList<PSObject> output, IReadOnlyList<ErrorRecord> errors) = Try(script, arguments);
        Assert.True(errors.Count == 0, string.Join('\n', errors));
        return output;
    }

    /// <summary>Runs a script.</summary>
    /// <returns>What it emits, and its errors, terminating or not.</returns>
    public (IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors) Try(string script, params object[] arguments)
    {
        using var shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (object argument in arguments)
            shell.AddArgument(argument);
        var output = new PSDataCollection<PSObject>();
        try
        {
            shell.Invoke(null, output);
        }
        catch (RuntimeException e)
        {
            return ([.. output], [.. shell.Streams.Error, e.ErrorRecord]);
        }

        return ([.. output], [.. shell.Streams.Error]);
    }

    public void Dispose()
    {
        _runspace.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "CabsPs.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("CabsPs.sln is not above the test's folder");
    }
}
