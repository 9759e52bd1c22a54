using System.Numerics;
using System.Runtime.Intrinsics;
using CabsPs.Engine.Numerics.Simd;

namespace CabsPs.Engine.Numerics;

/// <summary>Chooses the arithmetic for this processor.</summary>
public static class Kernels
{
    private static readonly IKernels<float> s_single =
        Vector512.IsHardwareAccelerated ? VectorKernels<Vector512<float>, Lanes512, Codes512>.Instance
        : Vector256.IsHardwareAccelerated ? VectorKernels<Vector256<float>, Lanes256, Codes256>.Instance
        : Vector128.IsHardwareAccelerated ? VectorKernels<Vector128<float>, Lanes128, CodesPlain>.Instance
        : ReferenceKernels<float>.Instance;

    /// <summary>The fastest kernels for a computing type: vectorised for float, plain for double.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public static IKernels<T> For<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        typeof(T) == typeof(float) ? (IKernels<T>)s_single : ReferenceKernels<T>.Instance;
}
