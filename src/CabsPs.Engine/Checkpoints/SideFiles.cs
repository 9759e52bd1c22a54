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
    public static IReadOnlyList<string> List(Checkpoint model)
    {
        if (model.Folder is null)
            return [];
        return [.. Directory.EnumerateFiles(model.Folder)
            .Where(IsSideFile)
            .OrderBy(f => f, StringComparer.Ordinal)];
    }

    private static bool IsSideFile(string path)
    {
        string name = Path.GetFileName(path);
        return !name.StartsWith('.')
            && !s_ownFiles.Contains(name, StringComparer.OrdinalIgnoreCase)
            && !s_weightEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            && new FileInfo(path).Length <= MaxBytes;
    }
}
