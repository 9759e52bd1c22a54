using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics.Simd;

namespace CabsPs.Engine.Numerics;

/// <summary>The float32 kernels in vectors of one width. What is left over at the end of a piece goes to <see cref="ReferenceKernels{T}"/>,
/// whose bits they give.</summary>
/// <typeparam name="V">A vector of float32.</typeparam>
/// <typeparam name="L">Its operations.</typeparam>
/// <typeparam name="C">The vectors that select.</typeparam>
internal sealed class VectorKernels<V, L, C> : IKernels<float>
    where V : struct
    where L : struct, ILanes<V>
    where C : struct, ICodes
{
    public static readonly VectorKernels<V, L, C> Instance = new();
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;

    public bool Widen(ReadOnlySpan<byte> source, DType type, Span<float> destination)
    {
        int done = destination.Length / L.Count * L.Count;
        ref float to = ref MemoryMarshal.GetReference(destination);
        V largest = L.Create(0);
        switch (type)
        {
            case DType.BF16:
                ref ushort bf16 = ref Unsafe.As<byte, ushort>(ref MemoryMarshal.GetReference(source));
                for (int i = 0; i < done; i += L.Count)
                    largest = Put(L.LoadBFloat16(ref Unsafe.Add(ref bf16, i)), ref Unsafe.Add(ref to, i), largest);
                break;
            case DType.F16:
                ref ushort f16 = ref Unsafe.As<byte, ushort>(ref MemoryMarshal.GetReference(source));
                for (int i = 0; i < done; i += L.Count)
                    largest = Put(L.LoadHalf(ref Unsafe.Add(ref f16, i)), ref Unsafe.Add(ref to, i), largest);
                break;
            case DType.F32:
                ref float f32 = ref Unsafe.As<byte, float>(ref MemoryMarshal.GetReference(source));
                for (int i = 0; i < done; i += L.Count)
                    largest = Put(L.Load(ref Unsafe.Add(ref f32, i)), ref Unsafe.Add(ref to, i), largest);
                break;
            default:
                return s_plain.Widen(source, type, destination);
        }

        return s_plain.Widen(source[(done * type.Size())..], type, destination[done..]) & L.AreFinite(largest);
    }

    public bool WidenDelta(ReadOnlySpan<byte> source, DType type, ReadOnlySpan<float> baseValues, Span<float> delta)
    {
        bool finite = Widen(source, type, delta);
        Subtract(delta, baseValues);
        return finite;
    }

    public bool MergeDense(in StoredTile tile, in Terms<float> terms) => FusedKernels<V, L>.MergeDense(tile, terms);

    public void MergeDeltas(Tile<float> tile, in Terms<float> terms, DType type, Span<byte> output) => FusedKernels<V, L>.MergeDeltas(tile, terms, type, output);

    public void Narrow(ReadOnlySpan<float> source, DType type, Span<byte> destination)
    {
        int done = source.Length / L.Count * L.Count;
        ref float from = ref MemoryMarshal.GetReference(source);
        switch (type)
        {
            case DType.BF16:
                ref ushort bf16 = ref Unsafe.As<byte, ushort>(ref MemoryMarshal.GetReference(destination));
                for (int i = 0; i < done; i += L.Count)
                    L.StoreBFloat16(L.Load(ref Unsafe.Add(ref from, i)), ref Unsafe.Add(ref bf16, i));
                break;
            case DType.F16:
                ref ushort f16 = ref Unsafe.As<byte, ushort>(ref MemoryMarshal.GetReference(destination));
                for (int i = 0; i < done; i += L.Count)
                {
                    if (!L.TryStoreHalf(L.Load(ref Unsafe.Add(ref from, i)), ref Unsafe.Add(ref f16, i)))
                        s_plain.Narrow(source.Slice(i, L.Count), type, destination.Slice(2 * i, 2 * L.Count));
                }

                break;
            case DType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                return;
            default:
                done = 0;
                break;
        }

        s_plain.Narrow(source[done..], type, destination[(done * type.Size())..]);
    }

    public int FirstNonFinite(ReadOnlySpan<float> values) => s_plain.FirstNonFinite(values);

    public void Subtract(Span<float> values, ReadOnlySpan<float> other)
    {
        int i = 0;
        for (; i <= values.Length - L.Count; i += L.Count)
            L.Store(L.Subtract(At(values, i), At(other, i)), ref values[i]);
        s_plain.Subtract(values[i..], other[i..]);
    }

    public void AddScaled(Span<float> total, ReadOnlySpan<float> delta, float weight)
    {
        V factor = L.Create(weight);
        int i = 0;
        for (; i <= total.Length - L.Count; i += L.Count)
            L.Store(L.Add(At(total, i), L.Multiply(factor, At(delta, i))), ref total[i]);
        s_plain.AddScaled(total[i..], delta[i..], weight);
    }

    public void AddScaled(Span<float> total, ReadOnlySpan<float> delta, float weight, ReadOnlySpan<ulong> mask)
    {
        // adding +0 changes nothing: a sum that began at +0 is never −0
        V factor = L.Create(weight);
        int i = 0;
        for (; i <= total.Length - 64; i += 64)
        {
            ulong bits = mask[i >> 6];
            for (int j = 0; bits != 0 && j < 64; j += L.Count)
                L.Store(L.Add(At(total, i + j), L.Keep(L.Multiply(factor, At(delta, i + j)), (uint)(bits >> j))), ref total[i + j]);
        }

        s_plain.AddScaled(total[i..], delta[i..], weight, mask[(i >> 6)..]);
    }

    public void AddAgreeing(ReadOnlySpan<float> elected, ReadOnlySpan<float> delta, float weight, float share, ReadOnlySpan<ulong> mask, Span<float> sum, Span<float> divisor)
    {
        V factor = L.Create(weight), shares = L.Create(share), zero = L.Create(0);
        int i = 0;
        for (; i <= sum.Length - 64; i += 64)
        {
            ulong bits = mask.IsEmpty ? ulong.MaxValue : mask[i >> 6];
            for (int j = 0; bits != 0 && j < 64; j += L.Count)
            {
                V term = L.KeepAgreeing(L.Keep(L.Multiply(factor, At(delta, i + j)), (uint)(bits >> j)), At(elected, i + j));
                L.Store(L.Add(At(sum, i + j), term), ref sum[i + j]);
                L.Store(L.Add(At(divisor, i + j), L.WhereNonzero(term, shares, zero)), ref divisor[i + j]);
            }
        }

        s_plain.AddAgreeing(elected[i..], delta[i..], weight, share, mask.IsEmpty ? mask : mask[(i >> 6)..], sum[i..], divisor[i..]);
    }

    public void DivideEach(Span<float> values, ReadOnlySpan<float> divisor)
    {
        int i = 0;
        for (; i <= values.Length - L.Count; i += L.Count)
        {
            V by = At(divisor, i), value = At(values, i);
            L.Store(L.WhereNonzero(by, L.Divide(value, by), value), ref values[i]);
        }

        s_plain.DivideEach(values[i..], divisor[i..]);
    }

    public void Scale(Span<float> values, float factor)
    {
        V by = L.Create(factor);
        int i = 0;
        for (; i <= values.Length - L.Count; i += L.Count)
            L.Store(L.Multiply(At(values, i), by), ref values[i]);
        s_plain.Scale(values[i..], factor);
    }

    public void Divide(Span<float> values, float divisor)
    {
        V by = L.Create(divisor);
        int i = 0;
        for (; i <= values.Length - L.Count; i += L.Count)
            L.Store(L.Divide(At(values, i), by), ref values[i]);
        s_plain.Divide(values[i..], divisor);
    }

    public void Add(Span<float> values, ReadOnlySpan<float> other)
    {
        int i = 0;
        for (; i <= values.Length - L.Count; i += L.Count)
            L.Store(L.Add(At(values, i), At(other, i)), ref values[i]);
        s_plain.Add(values[i..], other[i..]);
    }

    public (double All, double Kept) SumOfSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask)
    {
        Span<double> all = stackalloc double[ReferenceKernels<float>.Lanes], kept = stackalloc double[ReferenceKernels<float>.Lanes];
        int done = values.Length / 64 * 64;
        L.SumSquares(values[..done], mask, all, kept);
        return ReferenceKernels<float>.EndSquares(values[done..], mask[(done >> 6)..], all, kept);
    }

    public double SumOfMagnitudes(ReadOnlySpan<float> values) => s_plain.SumOfMagnitudes(values);

    public double SumOfMagnitudes(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask) => s_plain.SumOfMagnitudes(values, mask);

    public double SumOfSquares(ReadOnlySpan<float> values) => s_plain.SumOfSquares(values);

    public void KeepLargest(ReadOnlySpan<float> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref int guess) =>
        BlockSelection<C>.KeepLargest(delta, blockLength, quota, tailQuota, claimed, mask, ref guess);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V At(ReadOnlySpan<float> values, int index) => L.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(values), index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Put(V value, ref float destination, V largest)
    {
        L.Store(value, ref destination);
        return L.MaxMagnitude(largest, value);
    }
}
