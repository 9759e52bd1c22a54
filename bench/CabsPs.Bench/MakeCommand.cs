using CabsPs.Engine.Checkpoints;

namespace CabsPs.Bench;

/// <summary><c>make</c>: writes a synthetic base and fine-tunes to try things on.</summary>
public static class MakeCommand
{
    public static int Run(Arguments arguments)
    {
        if (arguments.Find("--out") is not { } folder)
        {
            Console.Error.WriteLine("make --out DIR [--size 2GB] [--experts 3] [--dtype bf16|f16|f32] [--deltas spread|ulps] [--seed 1]");
            return 2;
        }

        DType type = arguments.Text("--dtype", "bf16").ToUpperInvariant() is var name && DTypes.TryParse(name, out DType parsed) ? parsed : throw new ArgumentException($"unknown dtype {name}");
        SyntheticDeltas deltas = Enum.Parse<SyntheticDeltas>(arguments.Text("--deltas", "spread"), ignoreCase: true);
        var weights = new SyntheticWeights((ulong)arguments.Integer("--seed", 1), deltas);
        foreach (string path in SyntheticModel.Write(folder, arguments.Size("--size", "2GB"), arguments.Integer("--experts", 3), type, weights))
            Console.WriteLine(path);
        return 0;
    }
}
