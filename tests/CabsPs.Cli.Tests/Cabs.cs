using System.Diagnostics;
using System.Text;

namespace CabsPs.Cli.Tests;

/// <summary>What a call of the real program gave.</summary>
public sealed record Outcome(int ExitCode, string Out, string Error)
{
    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Asserts an exit code; shows what the program said when it is another.</summary>
    public Outcome Expect(int code)
    {
        Assert.True(ExitCode == code, $"exit code {ExitCode}, expected {code}\n{Out}\n{Error}");
        return this;
    }

    /// <summary>Asserts that the call ended with one line of error, no data and the exit code.</summary>
    public string ExpectError(int code)
    {
        Expect(code);
        Assert.Empty(Out);
        string line = Assert.Single(ErrorLines);
        Assert.StartsWith("cabs: error: ", line);
        return line;
    }
}

/// <summary>Runs the built <c>cabs.dll</c> in a process of its own.</summary>
public static class Cabs
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "cabs.dll");

    /// <summary>The .NET host that runs the tests.</summary>
    public static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The program's path.</summary>
    public static string Program => s_program;

    /// <summary>Runs a call to its end.</summary>
    public static Outcome Run(params string[] arguments) => RunIn(Path.GetTempPath(), arguments);

    /// <summary>Runs a call to its end in a folder.</summary>
    public static Outcome RunIn(string folder, params string[] arguments) => Finish(Start(folder, arguments));

    /// <summary>Starts a call.</summary>
    public static Process Start(string folder, params string[] arguments) => StartProgram(folder, Host, [s_program, .. arguments]);

    /// <summary>Starts a call with a variable in its environment.</summary>
    public static Process StartWith(string folder, (string Name, string Value) variable, params string[] arguments)
    {
        ProcessStartInfo call = Call(folder, Host, [s_program, .. arguments]);
        call.Environment[variable.Name] = variable.Value;
        return Process.Start(call)!;
    }

    /// <summary>Starts any program with its output captured.</summary>
    public static Process StartProgram(string folder, string program, params string[] arguments) => Process.Start(Call(folder, program, arguments))!;

    private static ProcessStartInfo Call(string folder, string program, string[] arguments) => new(program, arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        StandardOutputEncoding = Encoding.UTF8,
        StandardErrorEncoding = Encoding.UTF8,
        Environment = { ["LC_ALL"] = "C.UTF-8" },
    };

    /// <summary>Waits for a call's end.</summary>
    public static Outcome Finish(Process process)
    {
        using (process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new Outcome(process.ExitCode, output, error.Result);
        }
    }
}
