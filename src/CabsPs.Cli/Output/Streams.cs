using System.Text;

namespace CabsPs.Cli.Output;

/// <summary>Where things go: data to standard output, messages and progress to standard error.</summary>
internal sealed class Streams
{
    private static readonly bool s_ascii = IsAscii();

    /// <summary>Data.</summary>
    public TextWriter Out { get; } = s_ascii ? Ascii(Console.OpenStandardOutput()) : Console.Out;

    /// <summary>Messages and progress.</summary>
    public TextWriter Error { get; } = s_ascii ? Ascii(Console.OpenStandardError()) : Console.Error;

    /// <summary>Whether a person sees the data.</summary>
    public bool OutIsTerminal { get; } = !Console.IsOutputRedirected && !IsDumb;

    /// <summary>Whether a person sees the messages as they come.</summary>
    public bool ErrorIsTerminal { get; } = !Console.IsErrorRedirected && !IsDumb;

    /// <summary>Whether lines and signs outside ASCII can be shown.</summary>
    public static bool Unicode => !s_ascii;

    /// <summary>What to say when a run is cancelled.</summary>
    public string WhenCancelled { get; set; } = "cancelled; nothing was written";

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") == "dumb";

    /// <summary>One line to standard error.</summary>
    public void Message(string text)
    {
        try
        {
            Error.WriteLine($"cabs: {OneLine(text)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // standard error is closed or full: a merge goes on without its messages, and the exit code still tells
        }
    }

    /// <summary>A text without line breaks and other control characters: names come from files.</summary>
    public static string OneLine(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1F') && !text.AsSpan().ContainsAnyInRange('\x7F', '\x9F'))
            return text;
        var line = new StringBuilder(text.Length);
        foreach (char c in text.ReplaceLineEndings(" "))
            line.Append(char.IsControl(c) ? '?' : c);
        return line.ToString();
    }

    // a locale that is set and does not name UTF-8; where none is set, terminals of today show UTF-8
    private static bool IsAscii()
    {
        if (OperatingSystem.IsWindows())
            return false;
        foreach (string variable in new[] { "LC_ALL", "LC_CTYPE", "LANG" })
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } locale)
                return !locale.Contains("UTF", StringComparison.OrdinalIgnoreCase);
        }

        return false;
    }

    private static StreamWriter Ascii(Stream stream) => new(stream, Encoding.ASCII) { AutoFlush = true };
}
