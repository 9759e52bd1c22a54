namespace CabsPs.Engine.Checkpoints;

/// <summary>The small files of a model folder that a result takes over unchanged: tokenizer, generation settings, vocabulary,
/// licence, code of a custom architecture.</summary>
public static class SideFiles
{
    /// <summary>Larger files are no side files; a tokenizer of the largest vocabularies has some 40 MB.</summary>
    public const long MaxBytes = 256L << 20;

    // weights in any format, what describes this very checkpoint, and leftovers of training
    private static readonly string[] s_weightEndings =
        [".safetensors", ".index.json", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".ggml", ".onnx", ".onnx_data", ".h5", ".msgpack", ".npz", ".tflite"];

    private static readonly string[] s_ownFiles = [ModelConfig.FileName, "README.md", "mergekit_config.yml", "cabs_recipe.yml", "cabs.json", "trainer_state.json"];

    /// <summary>Full paths of a model's side files, ordered by name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="warnings">Receives which files are links that lead nowhere or far away; null when nobody wants to know.</param>
    /// <exception cref="CabsException">The folder cannot be listed.</exception>
    public static IReadOnlyList<string> List(Checkpoint model, ICollection<string>? warnings = null)
    {
        if (model.Folder is not { } folder)
            return [];
        try
        {
            return [.. Directory.EnumerateFiles(folder).Where(f => IsName(Path.GetFileName(f)) && CanBeCopied(f, folder, warnings)).OrderBy(f => f, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{folder}: cannot be listed: {e.Message}", folder, e);
        }
    }

    private static bool IsName(string name) =>
        !name.StartsWith('.')
        && !s_ownFiles.Contains(name, StringComparer.OrdinalIgnoreCase)
        && !s_weightEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    // A hub's cache is made of links into the folder of blobs beside the snapshots. A link to anywhere else may take a file into the
    // result that its owner never meant to give away.
    private static bool CanBeCopied(string path, string folder, ICollection<string>? warnings)
    {
        try
        {
            if (InputFile.Look(path).Length > MaxBytes)
                return false;
        }
        catch (CabsException e)
        {
            warnings?.Add($"{e.Message}; the result goes without it");
            return false;
        }

        if (new FileInfo(path).LinkTarget is not null && ModelPaths.Resolve(path) is var real && !IsIn(real, ModelPaths.Resolve(folder)) && !IsIn(real, BlobsOf(folder)))
            warnings?.Add($"{path} is a link to {real}; the result gets a copy of that file");
        return true;
    }

    // cache/models--owner--name/snapshots/revision/file leads to cache/models--owner--name/blobs/hash
    private static string BlobsOf(string folder) => Path.GetFullPath(Path.Combine(ModelPaths.Resolve(folder), "..", "..", "blobs"));

    private static bool IsIn(string path, string folder) => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
