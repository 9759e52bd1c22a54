using System.Buffers;
using System.Text;
using System.Text.Unicode;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads the text of a recipe file: UTF-8, or what a byte order mark says. A pipe is read too, as shells make one of
/// another command's output.</summary>
internal static class RecipeText
{
    /// <summary>The most bytes of a recipe.</summary>
    public const int MaxBytes = 1 << 20;

    // YAML's own list; a parser would take the first of them for the end of the text
    private static readonly SearchValues<char> s_forbidden = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(i => (char)i).Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\x85'))]);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>The text.</summary>
    /// <exception cref="CabsException">There is no such file, it is too large, or it is no text.</exception>
    public static string Read(string path)
    {
        byte[] bytes = ReadBytes(path);
        if (bytes.Length > MaxBytes)
            throw new CabsException(CabsError.RecipeInvalid, $"{path}: a recipe has at most {Text.Bytes(MaxBytes)}", path);
        string text = Decode(bytes, path);
        int at = text.AsSpan().IndexOfAny(s_forbidden);
        return at < 0 ? text : throw new CabsException(CabsError.RecipeInvalid, $"{path} line {LineOf(text.AsSpan(0, at))}: holds the control character U+{(int)text[at]:X4}, which YAML does not allow", path);
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            if (Directory.Exists(path))
                throw new CabsException(CabsError.RecipeInvalid, $"{path}: is a folder; give a recipe file", path);
            FileInfo? file = path.Contains('\0', StringComparison.Ordinal) ? null : new FileInfo(path) is { Exists: true } named ? named.LinkTarget is null ? named : new FileInfo(ModelPaths.Resolve(path)) : null;
            if (file is null)
                throw new CabsException(CabsError.RecipeNotFound, $"{Text.OneLine(path)}: no such recipe file", path);
            // what has no length is empty, a pipe or a device; so is what a link in /proc names that is no file
            if (file is { Exists: true, Length: > 0 and var length })
                return length > MaxBytes ? new byte[MaxBytes + 1] : File.ReadAllBytes(path);
            return ReadPipe(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw e is FileNotFoundException or DirectoryNotFoundException
                ? new CabsException(CabsError.RecipeNotFound, $"{path}: no such recipe file", path, e)
                : new CabsException(CabsError.RecipeInvalid, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }

    // opening a pipe waits for its writer, and a device may never end
    private static byte[] ReadPipe(string path)
    {
        Task<FileStream> opening = Task.Factory.StartNew(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (Task.WaitAny([opening], s_patience) < 0)
            throw new CabsException(CabsError.RecipeInvalid, $"{path}: is a pipe that nobody writes to", path);
        using FileStream stream = opening.GetAwaiter().GetResult();
        byte[] bytes = new byte[MaxBytes + 1];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private static string Decode(byte[] bytes, string path)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..])
        {
            using var reader = new StreamReader(new MemoryStream(bytes), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
            return reader.ReadToEnd();
        }

        ReadOnlySpan<byte> text = bytes.AsSpan(bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0);
        char[] characters = new char[text.Length];
        OperationStatus status = Utf8.ToUtf16(text, characters, out int read, out int written, replaceInvalidSequences: false);
        return status == OperationStatus.Done ? new string(characters, 0, written)
            : throw new CabsException(CabsError.RecipeInvalid, $"{path} line {LineOf(characters.AsSpan(0, written))}: byte {bytes.Length - text.Length + read} is not UTF-8", path);
    }

    private static int LineOf(ReadOnlySpan<char> before) => before.Count('\n') + 1;
}
