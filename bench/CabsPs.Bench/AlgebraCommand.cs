using System.Diagnostics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Compute;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Merging;

namespace CabsPs.Bench;

/// <summary><c>algebra</c>: what the linear algebra costs on one matrix, and the methods built on it on a model of one matrix with several experts: seconds on
/// one thread, of the best of some runs.</summary>
public static class AlgebraCommand
{
    private static readonly (string Name, string Recipe)[] s_methods =
    [
        ("task_arithmetic", "merge_method: task_arithmetic\nparameters: {weight: 1}\n"),
        ("tsv_m", "merge_method: tsv_m\n"),
        ("iso_c", "merge_method: iso_c\n"),
        ("iso_cts", "merge_method: iso_cts\n"),
        ("knots_ta", "merge_method: knots_ta\n"),
        ("knots_ties", "merge_method: knots_ties\n"),
        ("wudi", "merge_method: wudi\n"),
        ("wudi_adam10", "merge_method: wudi\nparameters: {solver: adam, iter_num: 10}\n"),
        ("opcm", "merge_method: opcm\n"),
        ("doge_ta10", "merge_method: doge_ta\nparameters: {iter_num: 10}\n"),
        ("svc", "merge_method: task_arithmetic\nparameters: {weight: 1}\npost: [{method: svc}]\n"),
        ("isotropic", "merge_method: task_arithmetic\nparameters: {weight: 1}\npost: [{method: isotropic}]\n"),
    ];

    /// <summary>Runs what was asked for.</summary>
    public static int Run(Arguments arguments) => Run(arguments, ComputeEngines.Open(arguments.Find("--engine"), arguments.Find("--device")).LinearAlgebra ?? MathNetLinearAlgebra.Instance);

    /// <summary>Runs it with an implementation.</summary>
    public static int Run(Arguments arguments, ILinearAlgebra algebra)
    {
        int rows = arguments.Integer("--rows", 4096), columns = arguments.Integer("--columns", 1024), experts = arguments.Integer("--experts", 4), runs = arguments.Integer("--runs", 1);
        string[] only = arguments.Text("--only", string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries);
        Console.WriteLine($"{algebra.Name}, {rows} x {columns}, {experts} experts, best of {runs}");
        Matrix[] deltas = [.. Enumerable.Range(0, experts).Select(i => Delta(rows, columns, i + 1))];
        Matrix one = deltas[0], gram = algebra.Multiply(one, one, Transposed.First);
        Show("product with a square", () => algebra.Multiply(one, gram));
        Show("gram", () => algebra.Multiply(one, one, Transposed.First));
        Show("eigen of the gram", () => algebra.Eigen(gram));
        Show("svd", () => algebra.Svd(one));
        Show("polar factor", () => algebra.PolarFactor(one));
        string folder = Directory.CreateTempSubdirectory("cabs-bench-").FullName;
        try
        {
            Write("base", new Matrix(rows, columns));
            for (int i = 0; i < experts; i++)
                Write($"expert-{i}", deltas[i]);
            foreach ((string name, string recipe) in s_methods)
                Show(name, () => Merge(name, recipe));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;

        void Show(string name, Action action)
        {
            if (only.Length > 0 && !only.Contains(name))
                return;
            double best = double.MaxValue;
            for (int run = 0; run < runs; run++)
            {
                long start = Stopwatch.GetTimestamp();
                action();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            Console.WriteLine(FormattableString.Invariant($"{name,-24}{best,9:F2} s"));
        }

        void Merge(string name, string recipe)
        {
            string models = string.Concat(Enumerable.Range(0, experts).Select(i => $"- {{model: expert-{i}}}\n"));
            string path = Path.Combine(folder, "recipe.yml");
            File.WriteAllText(path, $"{recipe}base_model: base\nmodels:\n{models}");
            var options = new MergeOptions { Threads = 1, MaxMemory = 16L << 30, Force = true, LinearAlgebra = algebra };
            new MergeRun(MergePlanner.Plan(Engine.Recipes.Recipe.Read(path, folder), options)).Execute(Path.Combine(folder, "merged"));
        }

        void Write(string name, Matrix matrix)
        {
            string file = Path.Combine(folder, name, "model.safetensors");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string header = $$"""{"w":{"dtype":"F32","shape":[{{matrix.Rows}},{{matrix.Columns}}],"data_offsets":[0,{{matrix.Values.LongLength * 4}}]} }""";
            header = header.PadRight((header.Length + 7) / 8 * 8);
            using FileStream stream = File.Create(file);
            stream.Write(BitConverter.GetBytes((long)header.Length));
            stream.Write(System.Text.Encoding.ASCII.GetBytes(header));
            stream.Write(MemoryMarshal.AsBytes<float>(Array.ConvertAll(matrix.Values, v => (float)v)));
        }
    }

    // random rows whose columns shrink to a hundredth and something: a condition number of about 128 · 3
    private static Matrix Delta(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var matrix = new Matrix(rows, columns);
        for (int i = 0; i < matrix.Values.Length; i++)
            matrix.Values[i] = (random.NextDouble() - 0.5) * 0.01 * Math.Pow(128, -(i % columns) / (double)columns);
        return matrix;
    }
}
