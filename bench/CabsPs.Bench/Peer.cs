using System.Diagnostics;

namespace CabsPs.Bench;

/// <summary>The same CABS mask and merge in PyTorch, as the authors' script does it: subtract, top-k per block, scatter, add.</summary>
public static class Peer
{
    private const string Script = """
        import sys, time, torch
        weights, threads, n, m = (int(a) for a in sys.argv[1:5])
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        base = (torch.randn(weights) * 0.02).to(torch.bfloat16)
        experts = [(base.float() + torch.randn(weights) * 0.02).to(torch.bfloat16) for _ in range(2)]
        def merge():
            total = torch.zeros(weights)
            free = torch.ones(weights // m, m, dtype=torch.bool)
            for expert, weight in zip(experts, (0.7, 0.35)):
                delta = (expert.float() - base.float()).view(-1, m)
                score = delta.abs().masked_fill(~free, 0)
                mask = torch.zeros_like(free).scatter_(1, score.topk(n, dim=1).indices, True)
                free &= ~mask
                total += weight * (delta * mask).view(-1)
            return (base.float() + total).to(torch.bfloat16)
        merge()
        best = 1e9
        for _ in range(3):
            start = time.perf_counter()
            merge()
            best = min(best, time.perf_counter() - start)
        print('peer', weights / best)
        """;

    /// <summary>Weights per second.</summary>
    public static double Rate(string python, int weights, int threads)
    {
        var start = new ProcessStartInfo(python);
        foreach (string argument in (string[])["-", $"{weights}", $"{threads}", "64", "256"])
            start.ArgumentList.Add(argument);
        return Child.Run(start, Script)["peer"];
    }
}
