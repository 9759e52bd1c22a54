namespace CabsPs.Engine.Numerics.Simd;

/// <summary>The few operations that the float32 kernels are written in, for one width of the processor's vectors. All widths give the same
/// bits: every operation is a single IEEE one per element, none is fused, and reductions keep sixteen partial sums whatever the
/// width (<see cref="ReferenceKernels{T}.Lanes"/>).</summary>
/// <typeparam name="V">A vector of float32.</typeparam>
internal interface ILanes<V>
    where V : struct
{
    /// <summary>Elements of a vector: 4, 8 or 16.</summary>
    static abstract int Count { get; }

    /// <summary>Loads float32.</summary>
    static abstract V Load(ref readonly float source);

    /// <summary>Loads and widens bfloat16.</summary>
    static abstract V LoadBFloat16(ref readonly ushort source);

    /// <summary>Loads and widens binary16.</summary>
    static abstract V LoadHalf(ref readonly ushort source);

    /// <summary>Stores float32.</summary>
    static abstract void Store(V value, ref float destination);

    /// <summary>Rounds to bfloat16 (nearest, ties to even; a NaN becomes quiet) and stores.</summary>
    static abstract void StoreBFloat16(V value, ref ushort destination);

    /// <summary>Rounds to binary16 (nearest, ties to even) and stores; false where a NaN is in the vector, which the caller converts
    /// one by one.</summary>
    static abstract bool TryStoreHalf(V value, ref ushort destination);

    /// <summary>All elements the same.</summary>
    static abstract V Create(float value);

    /// <summary>a + b.</summary>
    static abstract V Add(V a, V b);

    /// <summary>a − b.</summary>
    static abstract V Subtract(V a, V b);

    /// <summary>a · b.</summary>
    static abstract V Multiply(V a, V b);

    /// <summary>a / b.</summary>
    static abstract V Divide(V a, V b);

    /// <summary>The elements whose bit is set; +0 elsewhere.</summary>
    static abstract V Keep(V value, uint bits);

    /// <summary>The elements that are not zero and have the sign of the other vector's (zero counts as plus); +0 elsewhere.</summary>
    static abstract V KeepAgreeing(V value, V elected);

    /// <summary>The elements of a where test is not zero; those of b elsewhere.</summary>
    static abstract V WhereNonzero(V test, V a, V b);

    /// <summary>The larger of two magnitudes, compared as integers, so that infinity and NaN stay.</summary>
    static abstract V MaxMagnitude(V a, V b);

    /// <summary>Whether all elements of a vector of magnitudes are finite.</summary>
    static abstract bool AreFinite(V magnitudes);

    /// <summary>Σ v² over all elements and over those of a mask, in float64; the length is a multiple of 16.</summary>
    static abstract void SumSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept);
}
