using TorchSharp;
using static TorchSharp.torch;

namespace CabsPs.Torch;

/// <summary>Numbers as torch takes them. TorchSharp hands their native memory on and no longer holds them, so a garbage collection on another thread may
/// free that memory while torch reads it. The numbers made last on a thread are therefore held until they are long used; and nothing here is
/// added with <c>+</c>, in which TorchSharp makes a number of its own.</summary>
internal static class Number
{
    private const int Held = 32;
    private static readonly Scalar s_one = 1;

    [ThreadStatic]
    private static Scalar[]? t_held;

    [ThreadStatic]
    private static int t_next;

    /// <summary>A whole number, to be used in the same expression.</summary>
    public static Scalar Of(long value) => Hold((Scalar)value);

    /// <summary>A number, to be used in the same expression.</summary>
    public static Scalar Of(double value) => Hold((Scalar)value);

    /// <summary>The sum of two tensors.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, s_one);

    /// <summary>A number added to every element.</summary>
    public static Tensor Plus(this Tensor a, Scalar b) => a.add(b, s_one);

    private static Scalar Hold(Scalar number)
    {
        Scalar[] held = t_held ??= new Scalar[Held];
        held[t_next = (t_next + 1) % Held] = number;
        return number;
    }
}
