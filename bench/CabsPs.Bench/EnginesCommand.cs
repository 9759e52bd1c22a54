using System.Globalization;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Bench;

/// <summary><c>engines</c>: the same merges of two experts on the managed and on the torch engine, each in a process of its own; the best of several runs.</summary>
public static class EnginesCommand
{
    public static int Run(Arguments arguments)
    {
        string folder = Directory.CreateTempSubdirectory("cabs-engines-").FullName, device = arguments.Text("--device", "cpu");
        try
        {
            SyntheticModel.Write(folder, arguments.Size("--size", "256MB"), 2, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
            Console.WriteLine($"| method | managed, s | torch on {device}, s | torch / managed |\n|---|---|---|---|");
            foreach (string method in arguments.Text("--methods", "task_arithmetic,cabs,ties").Split(','))
            {
                double Best(params string[] engine) => Enumerable.Range(0, arguments.Integer("--runs", 2)).Min(_ => Child.Run(["merge", "--models", folder, "--method", method, .. engine])["seconds"]);
                double managed = Best(), torch = Best("--engine", "torch", "--device", device);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {method} | {managed:F2} | {torch:F2} | {torch / managed:F1} |"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
