namespace CabsPs.Engine.Checkpoints;

/// <summary>Element types of the safetensors format.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits.</summary>
    F8_E4M3,

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits.</summary>
    F8_E5M2,

    /// <summary>8-bit scale: an exponent alone.</summary>
    F8_E8M0,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, finite and without a negative zero.</summary>
    F8_E4M3FNUZ,

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits, finite and without a negative zero.</summary>
    F8_E5M2FNUZ,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>Two binary32: real and imaginary part.</summary>
    C64,
}

/// <summary>Facts about element types.</summary>
public static class DTypes
{
    private static readonly (DType Type, string[] Names)[] s_torchNames =
    [
        (DType.F64, ["float64", "double"]),
        (DType.F32, ["float32", "float"]),
        (DType.F16, ["float16", "half"]),
        (DType.BF16, ["bfloat16"]),
    ];

    /// <summary>Bytes of one element.</summary>
    public static int Size(this DType type) => type switch
    {
        DType.F64 or DType.I64 or DType.U64 or DType.C64 => 8,
        DType.F32 or DType.I32 or DType.U32 => 4,
        DType.F16 or DType.BF16 or DType.I16 or DType.U16 => 2,
        _ => 1,
    };

    /// <summary>True for the types that take part in a merge: F64, F32, F16, BF16. All others are copied.</summary>
    public static bool IsMergeable(this DType type) => type is DType.F64 or DType.F32 or DType.F16 or DType.BF16;

    /// <summary>The name PyTorch and config.json use, such as <c>bfloat16</c>; the safetensors name where they have none.</summary>
    public static string TorchName(this DType type)
    {
        foreach ((DType candidate, string[] names) in s_torchNames)
            if (candidate == type)
                return names[0];
        return type.ToString();
    }

    /// <summary>Reads a name as recipes, config.json and safetensors write it: <c>bfloat16</c>, <c>torch.float16</c>, <c>F32</c>.
    /// Only the types a result can be stored as are recognised.</summary>
    public static bool TryParse(string text, out DType type)
    {
        string name = text.Trim();
        if (name.StartsWith("torch.", StringComparison.Ordinal))
            name = name["torch.".Length..];
        foreach ((DType candidate, string[] names) in s_torchNames)
        {
            if (names.Contains(name, StringComparer.OrdinalIgnoreCase) || string.Equals(candidate.ToString(), name, StringComparison.OrdinalIgnoreCase))
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>The smallest type that holds both exactly: BF16 and F16 give F32.</summary>
    public static DType Promote(DType a, DType b)
    {
        if (a == b)
            return a;
        if (a == DType.F64 || b == DType.F64)
            return DType.F64;
        return DType.F32;
    }
}
