using System.Numerics.Tensors;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Search;

namespace CabsPs.Engine.Tests.Search;

/// <summary>The digits network of the examples: x in [0,1]^64, h = relu(embed x), twice h += relu(layers.i h), LayerNorm, then a task's own classifier.</summary>
internal static class DigitsJudge
{
    public static readonly string[] Tasks = ["upright", "rotated", "inverted", "scrambled"];
    private static readonly Dictionary<string, float[]> s_data = Read(Path.Combine(Digits, "digits.safetensors"));
    private static readonly Dictionary<string, Dictionary<string, float[]>> s_heads = Tasks.ToDictionary(t => t, t => Read(Path.Combine(Digits, "models", t, "model.safetensors")));

    /// <summary>The folder of the example.</summary>
    public static string Digits => Path.Combine(GoldenCases.Root, "examples", "digits");

    /// <summary>Per task which images a merged body gets right.</summary>
    public static IReadOnlyList<TaskScore> Scores(string body, string split, params string[] tasks)
    {
        Dictionary<string, float[]> net = Read(Path.Combine(body, "model.safetensors"));
        return JudgeOutput.Of((tasks.Length == 0 ? Tasks : tasks).Select(t => (t, (double?)null, (IReadOnlyList<double>?)Right(net, s_heads[t], t, split))));
    }

    private static double[] Right(Dictionary<string, float[]> net, Dictionary<string, float[]> head, string task, string split)
    {
        float[] images = s_data[$"{task}.{split}.images"], labels = s_data[$"{task}.{split}.labels"];
        var right = new double[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            float[] x = [.. images.AsSpan(i * 64, 64).ToArray().Select(p => p / 16)];
            float[] h = Linear(net, "embed", x, relu: true);
            for (int layer = 0; layer < 2; layer++)
                TensorPrimitives.Add(h, Linear(net, $"layers.{layer}", h, relu: true), h);
            float mean = TensorPrimitives.Sum<float>(h) / h.Length;
            TensorPrimitives.Subtract(h, mean, h);
            float scale = 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(h) / h.Length) + 1e-5f);
            TensorPrimitives.Multiply(h, scale, h);
            TensorPrimitives.MultiplyAdd<float>(h, net["norm.weight"], net["norm.bias"], h);
            right[i] = TensorPrimitives.IndexOfMax<float>(Linear(head, "classifier", h, relu: false)) == (int)labels[i] ? 1 : 0;
        }

        return right;
    }

    private static float[] Linear(Dictionary<string, float[]> net, string name, float[] x, bool relu)
    {
        float[] weight = net[name + ".weight"], y = [.. net[name + ".bias"]];
        for (int row = 0; row < y.Length; row++)
        {
            y[row] += TensorPrimitives.Dot<float>(weight.AsSpan(row * x.Length, x.Length), x);
            y[row] = relu ? Math.Max(y[row], 0) : y[row];
        }

        return y;
    }

    private static Dictionary<string, float[]> Read(string file) => Checkpoint.Open(file).Tensors.ToDictionary(t => t.Name, t => t.Type == DType.U8
        ? TensorData.Bytes(t).Select(b => (float)b).ToArray()
        : TensorData.Values(t).Select(v => (float)v).ToArray());
}
