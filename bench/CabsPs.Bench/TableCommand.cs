using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Bench;

/// <summary>The table of docs/performance.md, measured in one run on this machine. Every figure comes from a process of its own;
/// the second column from processes with AVX-512 switched off.</summary>
public sealed class TableCommand : IDisposable
{
    private readonly Arguments _arguments;
    private readonly bool _quick;
    private readonly bool _twoColumns = Kernels.Widest == VectorWidth.Bits512;
    private readonly DirectoryInfo _folder;

    private TableCommand(Arguments arguments)
    {
        _arguments = arguments;
        _quick = arguments.Has("--quick");
        _folder = arguments.Find("--temp") is { } parent
            ? Directory.CreateDirectory(Path.Combine(parent, $"cabs-bench-{Environment.ProcessId}"))
            : Directory.CreateTempSubdirectory("cabs-bench-");
    }

    public static int Run(Arguments arguments)
    {
        using var table = new TableCommand(arguments);
        table.Measure();
        return 0;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Ratio(double value) => value.ToString(value >= 10 ? "F0" : "F2", CultureInfo.InvariantCulture);

    private static string Rate(double perSecond) => (perSecond / 1e9).ToString("F2", CultureInfo.InvariantCulture) + " G/s";

    private void Measure()
    {
        Console.WriteLine($"{RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} cores, {Kernels.Widest}, .NET {Environment.Version}, {(_quick ? "quick" : "full")} sizes");
        Console.WriteLine();
        Console.WriteLine($"| work | goal | {(_twoColumns ? "AVX-512 | AVX2 only" : $"{Kernels.Widest} |")} |");
        Console.WriteLine("|---|---|---|---|");
        InMemory();
        string models = Path.Combine(_folder.FullName, "models");
        // before the disk is busy
        Small();
        EndToEnd(models);
        Scale(models);
    }

    private void InMemory()
    {
        string[] size = ["--size", _quick ? "64MB" : "256MB", "--runs", _quick ? "5" : "15"];
        Dictionary<string, double>[] figures = Both(["memory", .. size]);
        Row("copy bandwidth, all cores (read + written)", "", figures, f => (f["copy"] / 1e9).ToString("F1", CultureInfo.InvariantCulture) + " GB/s");
        Row("dense task arithmetic, 2 experts, BF16: weights", "", figures, f => Rate(f["dense"]));
        Row("  its bytes / copy bandwidth", "0.70 / 0.60", figures, f => Ratio(f["dense"] * 8 / f["copy"]));
        Row("CABS 64:256 sequential, 2 experts, spread / dense", "0.35 / 0.30", figures, f => Ratio(f["cabs"] / f["dense"]));
        Row("  the same, few ulps / dense", "0.30 / 0.25", figures, f => Ratio(f["ulps"] / f["dense"]));
        Row("CABS joint, 4 experts / sequential, 4 experts", "0.25 / 0.20", figures, f => Ratio(f["joint4"] / f["sequential4"]));
        Row("TIES density 0.25, 2 experts / dense", "0.25 / 0.25", figures, f => Ratio(f["ties"] / f["dense"]));
        Row("DARE density 0.25, 2 experts / dense", "0.40 / 0.35", figures, f => Ratio(f["dare"] / f["dense"]));
        Row("CABS, all threads / one thread", "1.80 / 1.80", figures, f => Ratio(f["cabs"] / f["one"]));
        if (_arguments.Find("--peer") is not { } python)
        {
            Row("CABS / PyTorch", "20 / 20", ["not measured: give --peer PYTHON", string.Empty]);
            return;
        }

        double peer = Peer.Rate(python, _quick ? 1 << 24 : 1 << 26, Environment.ProcessorCount);
        Row("CABS / PyTorch: subtract, topk, scatter, add", "20 / 20", figures, f => Ratio(f["cabs"] / peer));
    }

    private void EndToEnd(string models)
    {
        long bytes = _quick ? 200_000_000 : 2_000_000_000;
        SyntheticModel.Write(models, bytes, 2, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
        string[] inputs = [.. ((string[])["base", "expert1", "expert2"]).Select(m => Path.Combine(models, m, "model.safetensors"))];
        double cat = Stopwatches.Best(3, () => Shell("cat \"$@\" > /dev/null", inputs));
        string copy = Path.Combine(_folder.FullName, "plain");
        double plain = Stopwatches.Best(3, () => WritePlainly(copy, bytes, flush: false)), flushed = Stopwatches.Best(3, () => WritePlainly(copy, bytes, flush: true));
        File.Delete(copy);
        Dictionary<string, double>[] figures = Both(["merge", "--models", models], runs: 5);
        Row($"CABS end to end, 3 × {bytes / 1e9:0.#} GB in: seconds", "", figures, f => Ratio(f["seconds"]));
        Row("  cat + plain write / that", "0.50 / 0.40", figures, f => Ratio((cat + plain) / f["seconds"]));
        Row("  cat + write with flush / that (a merge flushes)", "", figures, f => Ratio((cat + flushed) / f["seconds"]));
        Dictionary<string, double>[] one = Both(["merge", "--models", models, "--threads", "1"], runs: 3);
        Row("  all threads / one thread", "", [.. figures.Zip(one, (all, single) => Ratio(single["seconds"] / all["seconds"]))]);
        Directory.Delete(models, recursive: true);
    }

    private void Scale(string models)
    {
        double previous = 0;
        foreach (double gigabytes in _quick ? (double[])[0.1, 0.2, 0.4] : [1, 2, 4, 8])
        {
            if (gigabytes * 3e9 > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 0.8)
            {
                Row($"CABS, 1 expert, {gigabytes:0.#} GB: seconds per GB", "linear", ["not measured: base, expert and result do not fit the page cache", string.Empty]);
                continue;
            }

            SyntheticModel.Write(models, (long)(gigabytes * 1e9), 1, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
            Dictionary<string, double> figures = Best(["merge", "--models", models, "--experts", "1"], 2);
            Row($"CABS, 1 expert, {gigabytes:0.#} GB: seconds per GB", "linear", [Ratio(figures["seconds"] / gigabytes), previous == 0 ? string.Empty : $"× {Ratio(figures["seconds"] / previous)} for twice the size"]);
            previous = figures["seconds"];
            Directory.Delete(models, recursive: true);
        }

        double size = _quick ? 0.1 : 1;
        SyntheticModel.Write(models, (long)(size * 1e9), 8, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
        foreach (int experts in (int[])[2, 4, 8])
        {
            Dictionary<string, double> figures = Best(["merge", "--models", models, "--experts", $"{experts}"], 2);
            Row($"CABS, {experts} experts of {size:0.#} GB: seconds per expert", "linear", [Ratio(figures["seconds"] / experts), string.Empty]);
            if (experts == 4)
                Row("  peak resident memory, 4 experts", "400 MB", [$"{figures["peak"] / 1e6:F0} MB", string.Empty]);
        }

        Directory.Delete(models, recursive: true);
    }

    private void Small()
    {
        string models = Path.Combine(_folder.FullName, "small");
        SyntheticModel.Write(models, 1_000_000, 2, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
        double wall = Enumerable.Range(0, 10).Min(_ => Child.Run(["merge", "--models", models])["wall"]);
        Row("merge of 1 MB models, start to end of a process", "0.25 s", [Ratio(wall) + " s", string.Empty]);
    }

    // turn by turn, so that an hour in which the machine is slow meets both
    private Dictionary<string, double>[] Both(string[] arguments, int runs = 1)
    {
        bool[] columns = _twoColumns ? [false, true] : [false];
        var all = Enumerable.Range(0, runs).SelectMany(_ => columns.Select(withoutAvx512 => (withoutAvx512, Figures: Child.Run(arguments, withoutAvx512)))).ToList();
        return [.. columns.Select(c => all.Where(r => r.withoutAvx512 == c).Select(r => r.Figures).MinBy(Seconds)!)];
    }

    private static Dictionary<string, double> Best(string[] arguments, int runs) => Enumerable.Range(0, runs).Select(_ => Child.Run(arguments)).MinBy(Seconds)!;

    // a merge's own, without the process around it
    private static double Seconds(Dictionary<string, double> figures) => figures.GetValueOrDefault("seconds", figures["wall"]);

    private static void Row(string work, string goal, Dictionary<string, double>[] figures, Func<Dictionary<string, double>, string> show) =>
        Row(work, goal, [.. figures.Select(show)]);

    // at once, so that a run that is cut short leaves what it has measured
    private static void Row(string work, string goal, string[] figures) =>
        Console.WriteLine($"| {work.Replace("  ", "&nbsp;&nbsp;", StringComparison.Ordinal)} | {goal} | {string.Join(" | ", figures)}{(figures.Length == 1 ? " |" : string.Empty)} |");

    private static void Shell(string command, string[] files)
    {
        var start = new ProcessStartInfo("/bin/sh");
        foreach (string word in (string[])["-c", command, "sh", .. files])
            start.ArgumentList.Add(word);
        using Process process = Process.Start(start)!;
        process.WaitForExit();
    }

    private static void WritePlainly(string path, long bytes, bool flush)
    {
        File.Delete(path);
        byte[] buffer = new byte[1 << 20];
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        for (long left = bytes; left > 0; left -= buffer.Length)
            stream.Write(buffer, 0, (int)Math.Min(left, buffer.Length));
        if (flush)
            stream.Flush(flushToDisk: true);
    }
}
