using System.Numerics;

namespace CabsPs.Engine.Numerics;

/// <summary>Chooses the arithmetic for this processor.</summary>
public static class Kernels
{
    /// <summary>The fastest kernels for a computing type: vectorised for float, plain for double.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public static IKernels<T> For<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => ReferenceKernels<T>.Instance;
}
