using System.Numerics;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics;

/// <summary>Chooses the arithmetic for this processor.</summary>
public static class Kernels
{
    /// <summary>The widest vectors this processor has; DOTNET_EnableAVX512=0 and the like narrow it.</summary>
    internal static VectorWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256
        : Vector128.IsHardwareAccelerated ? VectorWidth.Bits128
        : VectorWidth.Scalar;

    /// <summary>The fastest kernels for a computing type: vectorised for float, plain for double.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public static IKernels<T> For<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        typeof(T) == typeof(float) ? (IKernels<T>)For(Widest) : ReferenceKernels<T>.Instance;

    /// <summary>The float32 kernels of one width; a width the processor lacks works too, slowly.</summary>
    internal static IKernels<float> For(VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => VectorKernels<Lanes512, Codes512>.Instance,
        VectorWidth.Bits256 => VectorKernels<Lanes256, Codes256>.Instance,
        VectorWidth.Bits128 => VectorKernels<Lanes128, Codes128>.Instance,
        _ => ReferenceKernels<float>.Instance,
    };
}
