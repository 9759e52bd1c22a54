using System.Diagnostics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>Checks a model on disk: that headers and index fit their files, that no weight is NaN or infinite, and, where a merge left its
/// cabs.json, that every byte is the one that was written. Damage is found, not thrown.</summary>
public sealed class CheckpointVerification
{
    // more are counted and not listed
    private const int MostMissing = 1000;
    private readonly string _path;
    private readonly bool _sha256;
    private readonly bool _allowNonFinite;
    private readonly Stopwatch _clock = new();
    private readonly CheckpointReader _reader = new();
    private readonly List<CheckpointProblem> _problems = [];
    private long _total;
    private string _current = string.Empty;

    /// <summary>Prepares a verification.</summary>
    /// <param name="path">A model folder or a .safetensors file.</param>
    /// <param name="sha256">Takes the SHA-256 of the weight files too, and compares it where the manifest has it.</param>
    /// <param name="allowNonFinite">Lets NaN and infinity pass.</param>
    public CheckpointVerification(string path, bool sha256 = false, bool allowNonFinite = false) =>
        (_path, _sha256, _allowNonFinite) = (Destination.FullPath(path), sha256, allowNonFinite);

    /// <summary>How far it is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => new(_reader.BytesRead, Interlocked.Read(ref _total), _current, _clock.Elapsed);

    /// <summary>Verifies. Threads never show in the result.</summary>
    /// <param name="threads">Tensors read at a time; 0 means one per core.</param>
    /// <param name="cancel">Stops within a piece.</param>
    /// <exception cref="CabsException">There is nothing at the path.</exception>
    /// <exception cref="OperationCanceledException">The verification was cancelled.</exception>
    public VerificationResult Execute(int threads = 0, CancellationToken cancel = default)
    {
        _clock.Start();
        threads = threads > 0 ? threads : Environment.ProcessorCount;
        bool isFolder = Directory.Exists(_path);
        if (!isFolder && !File.Exists(_path))
            throw new CabsException(CabsError.CheckpointNotFound, $"{_path}: no such folder or file", _path);
        MergeManifest? manifest = isFolder ? ReadManifest() : null;
        if (manifest is not null)
            CheckFiles(manifest);
        IReadOnlyList<TensorInfo> tensors = Open();
        _total = tensors.Sum(t => t.ByteLength);
        if (manifest is not null)
            CheckNames(manifest, tensors);
        CheckTensors(manifest, tensors, threads, cancel);
        string[] files = [.. tensors.Select(t => t.File).Distinct().Order(StringComparer.Ordinal)];
        IReadOnlyDictionary<string, string> hashes = _sha256 ? FileHash.Sha256(files, threads, cancel) : new Dictionary<string, string>();
        foreach (ManifestWeights weights in manifest?.Weights ?? [])
        {
            if (weights.Sha256 is { } expected && hashes.TryGetValue(weights.Name, out string? actual) && actual != expected && !_problems.Any(p => Path.GetFileName(p.File) == weights.Name))
                Add(CheckpointProblemKind.FileChanged, weights.Name, null, $"has SHA-256 {actual} instead of {expected}");
        }

        _reader.Dispose();
        return new VerificationResult(_path, manifest is not null, tensors.Count, _total, [.. files.Select(f => new VerifiedFile(f, new FileInfo(f).Length, hashes.GetValueOrDefault(Path.GetFileName(f))))], _problems, _clock.Elapsed);
    }

    private MergeManifest? ReadManifest()
    {
        try
        {
            return MergeManifest.Read(_path);
        }
        catch (CabsException e)
        {
            Add(e);
            return null;
        }
    }

    private void CheckFiles(MergeManifest manifest)
    {
        foreach (ManifestWeights file in manifest.Weights)
            CheckFile(file.Name, file.ByteLength, path => file.ByteLength >= 8 && FileIdentity.Of(path).Header == file.Header, "has another header than was written");
        foreach (ManifestFile file in manifest.Files)
            CheckFile(file.Name, file.ByteLength, path => Digest.OfFile(path) == file.Hash, "has other bytes than were written");
    }

    private void CheckFile(string name, long written, Func<string, bool> isSame, string otherwise)
    {
        string path = Path.Combine(_path, name);
        if (!File.Exists(path))
            Add(CheckpointProblemKind.FileMissing, name, null, "is missing");
        // a link is followed, as a hub's cache is made of them
        else if (Attempt<long?>(() => InputFile.Look(path).Length) is not { } length)
            return;
        else if (length != written)
            Add(CheckpointProblemKind.FileSize, name, null, $"has {length} bytes instead of {written}");
        else if (Attempt<bool?>(() => isSame(path)) == false)
            Add(CheckpointProblemKind.FileChanged, name, null, otherwise);
    }

    // the whole checkpoint where it fits together; else what its files hold, each by itself, so that one that is damaged does not hide the others
    private IReadOnlyList<TensorInfo> Open()
    {
        try
        {
            return Checkpoint.Open(_path).Tensors;
        }
        catch (CabsException e)
        {
            Add(e);
        }

        var tensors = new List<TensorInfo>();
        foreach (string file in Directory.Exists(_path) ? Directory.GetFiles(_path, "*.safetensors").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            if (Attempt(() => SafetensorsHeader.Read(file)) is { } held)
                tensors.AddRange(held);
        }

        return [.. tensors.DistinctBy(t => t.Name).OrderBy(t => t.Name, NaturalOrder.Instance)];
    }

    private void CheckNames(MergeManifest manifest, IReadOnlyList<TensorInfo> tensors)
    {
        var written = manifest.Weights.Select(w => Path.Combine(_path, w.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (string file in tensors.Select(t => t.File).Distinct().Where(f => !written.Contains(f)))
            Add(CheckpointProblemKind.Structure, file, null, $"was not written by the merge: {MergeManifest.FileName} does not list it");
        // a file that cannot be read, or has another header, hides or invents tensors: it is named already
        if (_problems.Any(p => p.Kind != CheckpointProblemKind.FileChanged || p.File.EndsWith(".safetensors", StringComparison.Ordinal)))
            return;
        var names = tensors.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        string[] missing = [.. manifest.Tensors.Keys.Where(n => !names.Contains(n))];
        foreach (string name in missing.Take(MostMissing))
            Add(CheckpointProblemKind.TensorUnknown, string.Empty, name, $"tensor {Text.Quote(name)} is missing");
        if (missing.Length > MostMissing)
            Add(CheckpointProblemKind.TensorUnknown, string.Empty, null, $"{missing.Length - MostMissing} more tensors are missing");
        foreach (TensorInfo tensor in tensors.Where(t => !manifest.Tensors.ContainsKey(t.Name)))
            Add(CheckpointProblemKind.TensorUnknown, tensor.File, tensor.Name, $"tensor {Text.Quote(tensor.Name)} was not written by the merge");
    }

    private void CheckTensors(MergeManifest? manifest, IReadOnlyList<TensorInfo> tensors, int threads, CancellationToken cancel)
    {
        var found = new CheckpointProblem?[tensors.Count];
        // a damaged header moves every tensor behind it
        var damaged = _problems.Select(p => p.File).ToHashSet(StringComparer.Ordinal);
        // the largest first, so that no thread is left alone with one at the end
        int[] order = [.. Enumerable.Range(0, tensors.Count).OrderByDescending(i => tensors[i].ByteLength)];
        InParallel.For(tensors.Count, threads, cancel, place =>
        {
            TensorInfo tensor = tensors[order[place]];
            _current = tensor.Name;
            try
            {
                found[order[place]] = Check(tensor, damaged.Contains(tensor.File) ? null : manifest, cancel);
            }
            catch (CabsException e)
            {
                found[order[place]] = new CheckpointProblem(CheckpointProblemKind.Unreadable, tensor.File, tensor.Name, e.Message);
            }
        });
        _problems.AddRange(found.OfType<CheckpointProblem>());
    }

    private CheckpointProblem? Check(TensorInfo tensor, MergeManifest? manifest, CancellationToken cancel)
    {
        TensorContent content = TensorContent.Of(_reader, tensor, cancel);
        if (manifest is not null && manifest.Tensors.TryGetValue(tensor.Name, out Digest written) && content.Hash != written)
            return new CheckpointProblem(CheckpointProblemKind.TensorChanged, tensor.File, tensor.Name, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} has other bytes than were written{(content.FirstNonFinite is { } at ? $", and is not finite at index {at}" : string.Empty)}");
        return content.FirstNonFinite is { } index && !_allowNonFinite
            ? new CheckpointProblem(CheckpointProblemKind.NonFinite, tensor.File, tensor.Name, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} holds {content.NonFiniteCount} NaN or infinite values, the first at index {index}")
            : null;
    }

    private T? Attempt<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (CabsException e)
        {
            Add(e);
        }

        return default;
    }

    private void Add(CabsException failure)
    {
        CheckpointProblemKind kind = failure.Error == CabsError.ReadFailed ? CheckpointProblemKind.Unreadable : CheckpointProblemKind.Structure;
        if (!_problems.Any(p => p.Message == failure.Message))
            _problems.Add(new CheckpointProblem(kind, failure.Target as string ?? _path, null, failure.Message));
    }

    private void Add(CheckpointProblemKind kind, string file, string? tensor, string message)
    {
        string path = Path.Combine(_path, file);
        _problems.Add(new CheckpointProblem(kind, path, tensor, $"{path}: {message}"));
    }
}
