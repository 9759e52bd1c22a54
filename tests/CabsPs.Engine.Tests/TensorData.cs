using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Reads and writes whole tensors, which the product never does.</summary>
public static class TensorData
{
    public static byte[] Bytes(TensorInfo tensor)
    {
        using var reader = new CheckpointReader();
        byte[] bytes = new byte[tensor.ByteLength];
        reader.Read(tensor, 0, bytes);
        return bytes;
    }

    public static double[] Values(TensorInfo tensor)
    {
        double[] values = new double[tensor.Count];
        ReferenceKernels<double>.Instance.Widen(Bytes(tensor), tensor.Type, values);
        return values;
    }

    /// <summary>Writes a safetensors file of float values stored as a type.</summary>
    public static void Write(string path, DType type, params (string Name, long[] Shape, float[] Values)[] tensors) =>
        WriteRaw(path, [.. tensors.Select(t =>
        {
            byte[] bytes = new byte[t.Values.Length * type.Size()];
            ReferenceKernels<float>.Instance.Narrow(t.Values, type, bytes);
            return (t.Name, type, t.Shape, bytes);
        })]);

    /// <summary>Writes a safetensors file of raw bytes.</summary>
    public static void WriteRaw(string path, params (string Name, DType Type, long[] Shape, byte[] Bytes)[] tensors)
    {
        OutputShard shard = OutputLayout.Create([.. tensors.Select(t => new OutputTensor(t.Name, t.Type, t.Shape, t.Bytes.Length / t.Type.Size()))], long.MaxValue).Shards[0];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream stream = File.Create(path);
        stream.Write(shard.Header);
        foreach ((string name, _, _, byte[] bytes) in tensors)
        {
            stream.Position = shard.Offsets[name];
            stream.Write(bytes);
        }
    }
}
