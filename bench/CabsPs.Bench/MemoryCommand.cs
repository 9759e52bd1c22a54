using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;

namespace CabsPs.Bench;

/// <summary><c>memory</c>: the rows measured in memory, one figure a line, for the table and for looking at one thing alone.</summary>
public static class MemoryCommand
{
    public static ParameterSet Sequential { get; } = ParameterSet.Of(("n", 64.0), ("m", 256.0));

    public static ParameterSet Joint { get; } = ParameterSet.Of(("n", 64.0), ("m", 256.0), ("assignment", "joint"));

    public static ParameterSet Quarter { get; } = ParameterSet.Of(("density", 0.25));

    public static int Run(Arguments arguments)
    {
        int weights = (int)(arguments.Size("--size", "128MB") / 2), runs = arguments.Integer("--runs", 5);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        string only = arguments.Text("--only", "copy,dense,cabs,one,ulps,ties,dare,joint");
        bool Wants(string name) => only.Split(',').Contains(name);
        var models = new MemoryModels(weights, Wants("joint") ? 4 : 2, SyntheticDeltas.Spread);
        void Rate(string name, double seconds) => Console.WriteLine(FormattableString.Invariant($"{name} {weights / seconds:E6}"));
        if (Wants("copy"))
        {
            (double seconds, long bytes) = models.Copy(threads, runs);
            Console.WriteLine(FormattableString.Invariant($"copy {bytes / seconds:E6}"));
        }

        if (Wants("dense"))
            Rate("dense", models.Merge(new TaskArithmetic(), ParameterSet.Empty, 2, threads, runs));
        if (Wants("cabs"))
            Rate("cabs", models.Merge(new Cabs(), Sequential, 2, threads, runs));
        if (Wants("one"))
            Rate("one", models.Merge(new Cabs(), Sequential, 2, 1, runs));
        if (Wants("ties"))
            Rate("ties", models.Merge(new Ties(), Quarter, 2, threads, runs));
        if (Wants("dare"))
            Rate("dare", models.Merge(new DareLinear(), Quarter, 2, threads, runs));
        if (Wants("joint"))
        {
            Rate("sequential4", models.Merge(new Cabs(), Sequential, 4, threads, runs));
            Rate("joint4", models.Merge(new Cabs(), Joint, 4, threads, runs));
        }

        if (Wants("ulps"))
            Rate("ulps", new MemoryModels(weights, 2, SyntheticDeltas.Ulps).Merge(new Cabs(), Sequential, 2, threads, runs));
        return 0;
    }
}
