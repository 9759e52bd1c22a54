using System.Security.Cryptography;

namespace CabsPs.Engine.Integrity;

/// <summary>SHA-256 of whole files, as model hubs publish it.</summary>
public static class FileHash
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Reads files and hashes them, several at a time.</summary>
    /// <param name="paths">Full paths.</param>
    /// <param name="threads">Files read at a time.</param>
    /// <param name="cancel">Stops within a piece.</param>
    /// <returns>Per file name 64 lower-case hexadecimal digits.</returns>
    /// <exception cref="CabsException">A file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Sha256(IReadOnlyList<string> paths, int threads, CancellationToken cancel = default)
    {
        string[] hashes = new string[paths.Count];
        InParallel.For(paths.Count, threads, cancel, i => hashes[i] = Sha256(paths[i], cancel));
        return paths.Select((path, i) => (Name: Path.GetFileName(path), Hash: hashes[i])).ToDictionary(f => f.Name, f => f.Hash, StringComparer.Ordinal);
    }

    private static string Sha256(string path, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = new byte[PieceBytes];
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            for (int count; (count = file.Read(piece)) > 0;)
            {
                cancel.ThrowIfCancellationRequested();
                hash.AppendData(piece, 0, count);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }
}
