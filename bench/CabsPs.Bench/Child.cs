using System.Diagnostics;
using System.Globalization;

namespace CabsPs.Bench;

/// <summary>Runs this program again, so that a measurement has a process of its own.</summary>
public static class Child
{
    /// <summary>The figures it prints, a name and a number a line; its wall time as "wall".</summary>
    public static Dictionary<string, double> Run(string[] arguments, bool withoutAvx512 = false)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        if (withoutAvx512)
            start.Environment["DOTNET_EnableAVX512"] = "0";
        return Run(start, null);
    }

    /// <summary>The same for any program, with a text on its input.</summary>
    public static Dictionary<string, double> Run(ProcessStartInfo start, string? input)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardInput = input is not null;
        long begin = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }

        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double wall = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}");
        var figures = new Dictionary<string, double> { ["wall"] = wall };
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            if (words.Length == 2 && double.TryParse(words[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
                figures[words[0]] = number;
        }

        return figures;
    }
}
