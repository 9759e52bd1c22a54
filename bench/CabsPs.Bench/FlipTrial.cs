using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;

namespace CabsPs.Bench;

/// <summary>Turns a bit of a result over, verifies, and turns it back.</summary>
public sealed class FlipTrial
{
    private readonly string _folder;
    private readonly Random _random;
    private readonly FileInfo[] _files;
    private readonly IReadOnlyList<TensorInfo> _tensors;

    /// <summary>Begins with a good result.</summary>
    public FlipTrial(string folder, Random random)
    {
        (_folder, _random) = (folder, random);
        _files = new DirectoryInfo(folder).GetFiles();
        _tensors = Checkpoint.Open(folder).Tensors;
    }

    /// <summary>One flip: half of them anywhere in a random file, half anywhere in all bytes.</summary>
    /// <returns>The tensor that the bit lies in, if any; and what was wrong with the verification, null when nothing was.</returns>
    public (string? Tensor, string? Failure) Next()
    {
        long at = _random.NextInt64(_files.Sum(f => f.Length));
        FileInfo file = _files[_random.Next(_files.Length)];
        if (_random.Next(2) == 0)
            at = _random.NextInt64(file.Length);
        else
            file = _files.First(f => (at -= f.Length) < 0);
        at = at < 0 ? at + file.Length : at;
        int bit = _random.Next(8);
        string? tensor = _tensors.FirstOrDefault(t => t.File == file.FullName && at >= t.Offset && at < t.Offset + t.ByteLength)?.Name;
        Flip(file.FullName, at, bit);
        VerificationResult result = new CheckpointVerification(_folder, allowNonFinite: true).Execute();
        Flip(file.FullName, at, bit);
        string found = string.Join("; ", result.Problems.Select(p => p.Message));
        string where = $"bit {bit} of byte {at} of {file.Name}, {(tensor is null ? "in no tensor" : $"in {tensor}")}";
        if (result.IsGood)
            return (tensor, $"{where}: not found");
        if (tensor is not null && !(result.Problems is [var only] && only.Tensor == tensor && only.File == file.FullName))
            return (tensor, $"{where}: told as {found}");
        return tensor is null && !result.Problems.All(p => p.Message.Contains(file.Name, StringComparison.Ordinal))
            ? (tensor, $"{where}: told as {found}")
            : (tensor, null);
    }

    private static void Flip(string path, long at, int bit)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        int value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ (1 << bit)));
    }
}
