using System.Globalization;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;

namespace CabsPs.Bench;

/// <summary><c>merge</c>: one merge of what <c>make</c> wrote, in a process of its own; prints its seconds and the process's peak
/// resident bytes.</summary>
public static class MergeCommand
{
    public static int Run(Arguments arguments)
    {
        string models = arguments.Text("--models", "."), output = arguments.Text("--out", Path.Combine(models, "merged"));
        MergeMethod method = MethodCatalog.Get(arguments.Text("--method", "cabs"));
        int experts = arguments.Integer("--experts", 2);
        var definition = new MergeDefinition
        {
            Method = method,
            BasePath = Path.Combine(models, "base"),
            Inputs = [.. Enumerable.Range(1, experts).Select(i => new ModelInput($"expert{i}", Path.Combine(models, $"expert{i}"), ParameterSet.Of(("weight", 0.7 / i))))],
            Parameters = method is not Cabs ? method is Ties or DareLinear ? ParameterSet.Of(("density", 0.25)) : ParameterSet.Empty : arguments.Text("--assignment", "sequential") == "joint" ? MemoryCommand.Joint : MemoryCommand.Sequential,
            Groups = method.Sparsifier is null ? [] : [new SparsifierGroup(method.Sparsifier!, [.. Enumerable.Range(0, experts)])],
        };
        var options = new MergeOptions { Force = true, Threads = arguments.Integer("--threads", 0), PieceBytes = arguments.Integer("--piece", MergeOptions.DefaultPieceBytes), Engine = ComputeEngines.Open(arguments.Find("--engine"), arguments.Find("--device")) };
        MergeResult result = new MergeRun(MergePlanner.Plan(definition, options)).Execute(output);
        Console.WriteLine(FormattableString.Invariant($"seconds {result.Duration.TotalSeconds:F4}"));
        Console.WriteLine(FormattableString.Invariant($"peak {PeakResident()}"));
        return 0;
    }

    private static long PeakResident()
    {
        const string status = "/proc/self/status";
        if (!File.Exists(status))
            return Environment.WorkingSet;
        string line = File.ReadLines(status).First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
