using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;

/// <summary>Compares two safetensors files without the product's own reader.</summary>
public static class SafetensorsDifference
{
    /// <summary>The largest absolute difference of any value of the expected tensors; -1 where a tensor is missing or has another
    /// type, shape or, when bits must be the same, other bits.</summary>
    public static double Largest(string expected, string actual, bool sameBits)
    {
        Dictionary<string, (string Type, byte[] Bytes)> want = Read(expected), have = Read(actual);
        if (want.Count == 0)
            return -1;
        double largest = 0;
        foreach ((string name, (string type, byte[] bytes)) in want)
        {
            if (!have.TryGetValue(name, out (string Type, byte[] Bytes) found) || found.Type != type || found.Bytes.Length != bytes.Length)
                return -1;
            if (sameBits && !bytes.AsSpan().SequenceEqual(found.Bytes))
                return -1;
            int size = type.StartsWith("F32", StringComparison.Ordinal) ? 4 : type.StartsWith("F64", StringComparison.Ordinal) ? 8 : 2;
            for (int i = 0; i < bytes.Length; i += size)
                largest = Math.Max(largest, Math.Abs(Value(type, bytes, i) - Value(type, found.Bytes, i)));
        }

        return largest;
    }

    private static double Value(string type, byte[] bytes, int at) => type[..type.IndexOf(' ')] switch
    {
        "F64" => BitConverter.ToDouble(bytes, at),
        "F32" => BitConverter.ToSingle(bytes, at),
        "F16" => (double)BitConverter.ToHalf(bytes, at),
        "BF16" => BitConverter.Int32BitsToSingle(BitConverter.ToInt16(bytes, at) << 16),
        _ => BitConverter.ToInt16(bytes, at),
    };

    // type and shape as one text
    private static Dictionary<string, (string Type, byte[] Bytes)> Read(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int start = 8 + (int)BitConverter.ToInt64(bytes, 0);
        var tensors = new Dictionary<string, (string, byte[])>();
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, start - 8));
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject())
        {
            if (tensor.Name == "__metadata__")
                continue;
            JsonElement offsets = tensor.Value.GetProperty("data_offsets");
            int begin = start + offsets[0].GetInt32(), end = start + offsets[1].GetInt32();
            tensors.Add(tensor.Name, ($"{tensor.Value.GetProperty("dtype").GetString()} [{string.Join(',', tensor.Value.GetProperty("shape").EnumerateArray())}]", bytes[begin..end]));
        }

        return tensors;
    }
}
