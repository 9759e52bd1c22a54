using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Tasks;

/// <summary>The digits network: x in [0,1]^64, h = relu(embed x), twice h += relu(layers.i h), LayerNorm, then a task's classifier.
/// Compiled by the runbooks with Add-Type; it needs nothing of Cabs.</summary>
public static class DigitsNetwork
{
    /// <summary>The share of images that a merged body classifies right with the head of one expert.</summary>
    /// <param name="body">Folder of the model whose body is used.</param>
    /// <param name="head">Folder of the expert whose classifier is used.</param>
    /// <param name="data">digits.safetensors.</param>
    /// <param name="task">upright, rotated, inverted or scrambled.</param>
    /// <param name="split">validation or test.</param>
    public static double Accuracy(string body, string head, string data, string task, string split) => Right(body, head, data, task, split).Average();

    /// <summary>Image by image 1 where it is classified right and 0 where it is not. Image i of a split is the same drawing in every task.</summary>
    public static double[] Right(string body, string head, string data, string task, string split)
    {
        Dictionary<string, float[]> net = Read(Path.Combine(body, "model.safetensors"));
        Dictionary<string, float[]> classifier = Read(Path.Combine(head, "model.safetensors"));
        Dictionary<string, float[]> digits = Read(data);
        float[] images = digits[$"{task}.{split}.images"], labels = digits[$"{task}.{split}.labels"];
        var right = new double[labels.Length];
        Parallel.For(0, labels.Length, i =>
        {
            var x = new float[64];
            for (int p = 0; p < 64; p++)
                x[p] = images[(i * 64) + p] / 16;
            float[] h = Linear(net, "embed", x, relu: true);
            for (int layer = 0; layer < 2; layer++)
            {
                float[] step = Linear(net, $"layers.{layer}", h, relu: true);
                for (int j = 0; j < h.Length; j++)
                    h[j] += step[j];
            }

            float[] scores = Linear(classifier, "classifier", Normalize(net, h), relu: false);
            right[i] = Array.IndexOf(scores, scores.Max()) == (int)labels[i] ? 1 : 0;
        });
        return right;
    }

    private static float[] Linear(Dictionary<string, float[]> net, string name, float[] x, bool relu)
    {
        float[] weight = net[name + ".weight"], bias = net[name + ".bias"];
        var y = new float[bias.Length];
        for (int row = 0; row < y.Length; row++)
        {
            // every layer's width is a multiple of the vector's
            Vector<float> sums = Vector<float>.Zero;
            for (int column = 0; column < x.Length; column += Vector<float>.Count)
                sums += new Vector<float>(weight, (row * x.Length) + column) * new Vector<float>(x, column);
            float sum = bias[row] + Vector.Sum(sums);
            y[row] = relu ? Math.Max(sum, 0) : sum;
        }

        return y;
    }

    private static float[] Normalize(Dictionary<string, float[]> net, float[] h)
    {
        double mean = 0, variance = 0;
        foreach (float value in h)
            mean += value / h.Length;
        foreach (float value in h)
            variance += (value - mean) * (value - mean) / h.Length;
        var y = new float[h.Length];
        for (int i = 0; i < y.Length; i++)
            y[i] = (float)((h[i] - mean) / Math.Sqrt(variance + 1e-5) * net["norm.weight"][i]) + net["norm.bias"][i];
        return y;
    }

    private static Dictionary<string, float[]> Read(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var tensors = new Dictionary<string, float[]>();
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, start - 8));
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject())
        {
            if (tensor.Name == "__metadata__")
                continue;
            JsonElement place = tensor.Value.GetProperty("data_offsets");
            ReadOnlySpan<byte> data = bytes.AsSpan(start + place[0].GetInt32(), place[1].GetInt32() - place[0].GetInt32());
            float[] values = tensor.Value.GetProperty("dtype").GetString() switch
            {
                "U8" => Convert(data, b => (float)b),
                "F32" => MemoryMarshal.Cast<byte, float>(data).ToArray(),
                "F16" => Convert(MemoryMarshal.Cast<byte, Half>(data), h => (float)h),
                _ => Convert(MemoryMarshal.Cast<byte, ushort>(data), b => BitConverter.UInt32BitsToSingle((uint)b << 16)),
            };
            tensors.Add(tensor.Name, values);
        }

        return tensors;
    }

    private static float[] Convert<T>(ReadOnlySpan<T> stored, Func<T, float> widen)
    {
        var values = new float[stored.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = widen(stored[i]);
        return values;
    }
}
