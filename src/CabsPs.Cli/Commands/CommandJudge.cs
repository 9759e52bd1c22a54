using System.ComponentModel;
using System.Diagnostics;
using CabsPs.Engine;
using CabsPs.Engine.Search;

namespace CabsPs.Cli.Commands;

/// <summary>Judges models with a command that the shell runs.</summary>
/// <param name="command">The command; <c>{model}</c> stands for the model's folder, which is also in the environment as CABS_MODEL.</param>
/// <param name="cancel">Ends the command with all it has started.</param>
internal sealed class CommandJudge(string command, CancellationToken cancel)
{
    private const string Model = "{model}";

    /// <summary>The scores of a model.</summary>
    /// <exception cref="CabsException">The command failed, or said something that is no score.</exception>
    public IReadOnlyList<TaskScore> Score(string model)
    {
        using Process process = Start(model);
        using CancellationTokenRegistration registration = cancel.Register(() => End(process));
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            string last = error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } line ? $": {line}" : string.Empty;
            throw new CabsException(CabsError.JudgeFailed, $"the judge ended with exit code {process.ExitCode}{last}; run it by hand on a model to see more: {command}", command);
        }

        return JudgeOutput.Parse(output);
    }

    private Process Start(string model)
    {
        bool windows = OperatingSystem.IsWindows();
        string quoted = windows ? $"\"{model}\"" : $"'{model.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        string line = command.Contains(Model, StringComparison.Ordinal) ? command.Replace(Model, quoted, StringComparison.Ordinal) : $"{command} {quoted}";
        var start = new ProcessStartInfo(windows ? "cmd.exe" : "/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["CABS_MODEL"] = model } };
        if (windows)
        {
            // cmd has rules of its own: the whole line in quotes
            start.Arguments = $"/d /s /c \"{line}\"";
        }
        else
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(line);
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new CabsException(CabsError.JudgeFailed, $"the shell that runs the judge cannot be started: {e.Message}", command, e);
        }
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // it has ended by itself
        }
    }
}
