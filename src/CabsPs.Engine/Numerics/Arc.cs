using System.Numerics;

namespace CabsPs.Engine.Numerics;

/// <summary>Spherical interpolation between two vectors a and b with the angle θ between them:
/// sin((1 − t)θ)/sin θ · a + sin(tθ)/sin θ · b.</summary>
internal static class Arc
{
    /// <summary>The factors of a and b.</summary>
    /// <param name="energyA">‖a‖².</param>
    /// <param name="energyB">‖b‖².</param>
    /// <param name="product">a · b.</param>
    /// <param name="place">t.</param>
    /// <param name="smallestNorm">Norms below count as this much, so that a vector of no length has a right angle to all others.</param>
    /// <typeparam name="T">The type the vectors are stored in: where it cannot tell their directions apart (sin² θ ≤ its ε), parallel or opposite,
    /// no arc leads from one to the other, and the straight line is taken.</typeparam>
    public static (double A, double B) Between<T>(double energyA, double energyB, double product, double place, double smallestNorm)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double cosine = Math.Clamp(product / (Math.Max(Math.Sqrt(energyA), smallestNorm) * Math.Max(Math.Sqrt(energyB), smallestNorm)), -1, 1);
        double resolution = typeof(T) == typeof(float) ? 1.0 / (1 << 23) : 1e-14;
        if (1 - (cosine * cosine) <= resolution)
            return (1 - place, place);
        double angle = Math.Acos(cosine), sine = Math.Sin(angle);
        return (Math.Sin((1 - place) * angle) / sine, Math.Sin(place * angle) / sine);
    }
}
