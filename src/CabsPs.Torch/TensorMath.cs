using System.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace CabsPs.Torch;

/// <summary>Arithmetic on tensors whose roundings are those of the managed engine: products, sums and quotients are rounded one by one. What torch would
/// fuse or turn into a reciprocal is written so that it does not.</summary>
internal static class TensorMath
{
    // few enough that one thread adds a row up, in an order that no number of threads changes
    private const int Segment = 16384;

    /// <summary>The tensor type of a computing type.</summary>
    public static ScalarType TypeOf<T>() => typeof(T) == typeof(float) ? ScalarType.Float32 : ScalarType.Float64;

    /// <summary>Every element times a factor.</summary>
    public static Tensor Times<T>(this Tensor values, T factor)
        where T : IBinaryFloatingPointIeee754<T> => values * Number.Of(double.CreateTruncating(factor));

    /// <summary>Every element divided; torch on graphics processors multiplies by the reciprocal of a number, but not of a tensor.</summary>
    public static Tensor Over<T>(this Tensor values, T divisor)
        where T : IBinaryFloatingPointIeee754<T> => values / tensor(double.CreateTruncating(divisor), dtype: values.dtype, device: values.device);

    /// <summary>The elements at the ones of a mask, and zeros.</summary>
    public static Tensor At(this Tensor values, Tensor mask) => torch.where(mask, values, zeros(1, dtype: values.dtype, device: values.device));

    /// <summary>Elements of one or another tensor.</summary>
    public static Tensor Choose(Tensor condition, Tensor yes, Tensor no) => torch.where(condition, yes, no);

    /// <summary>In float64.</summary>
    public static Tensor Wide(this Tensor values) => values.to(ScalarType.Float64);

    /// <summary>In the computing type.</summary>
    public static Tensor Narrow<T>(this Tensor values) => values.to(TypeOf<T>());

    /// <summary>The sum in float64, in an order of its own, whatever the number of threads.</summary>
    public static double Sum(Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor flat = values.reshape(-1);
        long count = flat.NumberOfElements, whole = count / Segment * Segment;
        double sum = 0;
        if (whole > 0)
        {
            foreach (double part in Host<double>(flat.narrow(0, 0, whole).Wide().view(-1, Segment).sum(1)))
                sum += part;
        }

        return whole == count ? sum : sum + flat.narrow(0, whole, count - whole).Wide().sum().item<double>();
    }

    /// <summary>Σ a·b in float64.</summary>
    public static double Dot(Tensor a, Tensor b)
    {
        using DisposeScope scope = NewDisposeScope();
        return Sum(a.Wide() * b.Wide());
    }

    /// <summary>Σ |values| in float64.</summary>
    public static double SumOfMagnitudes(Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        return Sum(values.abs());
    }

    /// <summary>How many elements a mask has.</summary>
    public static long Count(Tensor mask)
    {
        using DisposeScope scope = NewDisposeScope();
        return mask.sum().item<long>();
    }

    /// <summary>The elements in this process's memory.</summary>
    public static T[] Host<T>(Tensor values)
        where T : unmanaged
    {
        using DisposeScope scope = NewDisposeScope();
        return values.cpu().contiguous().data<T>().ToArray();
    }

    /// <summary>Numbers as a tensor of the computing type.</summary>
    public static Tensor Device<T>(T[] values, torch.Device device)
        where T : unmanaged => torch.from_array(values).to(device);

    /// <summary>The places of a piece's elements in the tensor.</summary>
    public static Tensor Places(long start, long length, torch.Device device) => arange(Number.Of(start), Number.Of(start + length), Number.Of(1), dtype: ScalarType.Int64, device: device);
}
