using System.Numerics;
using CabsPs.Engine.Merging.Methods;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>PCB, in float64.</summary>
internal static class Competition
{
    /// <summary>The merged deltas of a piece.</summary>
    public static Tensor Merge<T>(TorchTile tile, Pcb.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor sum = Selection.Sum(tile, kernel.Competitors.Length).Wide(), won = zeros_like(sum), shares = zeros_like(sum);
        for (int i = 0; i < kernel.Competitors.Length; i++)
        {
            Pcb.Competitor own = kernel.Competitors[i];
            Tensor delta = tile.Inputs[i].Wide();
            Tensor share = Normalised(Score<T>(own, delta, sum).Wide().clamp_min(Number.Of(own.LeastScore)), own.LeastScore, own.MostScore);
            won = won.Plus((Clamped(own, delta.abs()).copysign(delta) * share).At(delta.ne(Number.Of(0))));
            shares = shares.Plus(share);
        }

        return (won * Number.Of(kernel.Factor) / shares.clamp_min(Number.Of(Pcb.Kernel<T>.SmallestDivisor))).Narrow<T>();
    }

    /// <summary>Counts magnitudes, then scores.</summary>
    public static void Measure<T>(TorchTile tile, Pcb.Scores.Probe<T> probe)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor? sum = probe.ScoreSweep < 0 ? null : Selection.Sum(tile, probe.Competitors.Length).Wide();
        for (int i = 0; i < probe.Competitors.Length; i++)
        {
            if (sum is null)
                Ranks.Feed<T>(probe.Competitors[i].Magnitudes, probe.Sweep, tile.Inputs[i], 0);
            else
                Ranks.Feed<T>(probe.Competitors[i].Scores, probe.ScoreSweep, Score<T>(probe.Competitors[i], tile.Inputs[i].Wide(), sum), 0);
        }
    }

    // rounded to the computing type, as the search has seen it
    private static Tensor Score<T>(Pcb.Competitor own, Tensor delta, Tensor sum)
    {
        Tensor norm = Normalised(Clamped(own, delta.abs()), own.Least, own.Most);
        return (TorchElementary.Exp(norm * Number.Of(own.Models) * norm) * TorchElementary.Tanh(delta * sum)).Narrow<T>();
    }

    private static Tensor Clamped(Pcb.Competitor own, Tensor magnitudes) => magnitudes.clamp_min(Number.Of(own.Least)).clamp_max(Number.Of(own.Most));

    private static Tensor Normalised(Tensor values, double least, double most) =>
        most > least ? (values - Number.Of(least)).Over(most - least) : zeros_like(values);
}
