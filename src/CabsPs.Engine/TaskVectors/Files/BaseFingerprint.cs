using System.Security.Cryptography;
using System.Text;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Tells a base from another model by the names, types and shapes of its tensors and a few bytes of each: enough to notice the
/// wrong base without reading it whole, not enough to notice a changed bit.</summary>
internal static class BaseFingerprint
{
    private const int Windows = 4;
    private const int WindowBytes = 64;

    /// <summary>The fingerprint over some tensors; a head that the base ties is its embedding.</summary>
    /// <returns>SHA-256 in hexadecimal; empty where a tensor is missing.</returns>
    public static string Of(Checkpoint origin, IEnumerable<string> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var reader = new CheckpointReader();
        byte[] bytes = new byte[WindowBytes];
        foreach (string name in tensors.Order(StringComparer.Ordinal))
        {
            if (new WantedTensor(origin, name).Find() is not { } tensor)
                return string.Empty;
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0{tensor.Type}\0{tensor.ShapeText}\0"));
            long length = tensor.ByteLength;
            int window = (int)Math.Min(WindowBytes, length);
            for (int i = 0; i < Windows && length > 0; i++)
            {
                reader.Read(tensor, (length - window) / (Windows - 1) * i, bytes.AsSpan(0, window));
                hash.AppendData(bytes, 0, window);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
