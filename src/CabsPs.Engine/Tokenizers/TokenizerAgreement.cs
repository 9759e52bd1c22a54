using CabsPs.Engine.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Notices models whose embeddings have the same height and whose tokenizers number tokens in different ways: without a
/// <c>tokenizer</c> key rows of different tokens are merged with each other.</summary>
public static class TokenizerAgreement
{
    /// <summary>A warning per model that disagrees with the first.</summary>
    /// <param name="models">The models; those without tokenizer files are taken to agree.</param>
    public static IEnumerable<string> Check(IReadOnlyList<Checkpoint> models)
    {
        int first = 0;
        while (first < models.Count && FileOf(models[first]) is null)
            first++;
        Tokenizer? reference = null;
        foreach (Checkpoint model in models.Skip(first + 1))
        {
            if (FileOf(model) is not { } file || AreSame(FileOf(models[first])!, file))
                continue;
            reference ??= Read(models[first]);
            if (reference is null || Read(model) is not { } other)
                continue;
            string? token = other.Ids.FirstOrDefault(t => reference.Ids.TryGetValue(t.Key, out int id) && id != t.Value).Key;
            if (token is not null)
                yield return $"{model.Path} numbers tokens in another way than {models[first].Path} ({Text.Quote(token)} is {other.Ids[token]} there and {reference.Ids[token]} here), so rows of different tokens are merged; add 'tokenizer: {{source: base}}' or 'union' to the recipe";
        }
    }

    // what cannot be read is copied and not used; only a recipe that asks for vocabularies has to read it
    private static Tokenizer? Read(Checkpoint model)
    {
        try
        {
            return Tokenizer.Read(model);
        }
        catch (CabsException)
        {
            return null;
        }
    }

    private static string? FileOf(Checkpoint model) => model.Folder is null ? null
        : TokenizerFileNames.Main.Select(name => Path.Combine(model.Folder, name)).FirstOrDefault(File.Exists);

    // files that cannot be read are different ones, and reading them for their tokens gives the reason or leaves them alone
    private static bool AreSame(string a, string b)
    {
        try
        {
            long length = InputFile.Look(a).Length;
            if (length != InputFile.Look(b).Length)
                return false;
            if (length == 0)
                return true;
            using SafeFileHandle first = InputFile.Open(a, out _), second = InputFile.Open(b, out _);
            byte[] left = new byte[1 << 16], right = new byte[1 << 16];
            for (long at = 0; at < length;)
            {
                int read = InputFile.ReadAt(first, left, at, a);
                if (read == 0 || InputFile.ReadAt(second, right.AsSpan(0, read), at, b) != read || !left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read)))
                    return false;
                at += read;
            }

            return true;
        }
        catch (CabsException)
        {
            return false;
        }
    }
}
