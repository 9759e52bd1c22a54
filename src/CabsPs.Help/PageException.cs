namespace CabsPs.Help;

/// <summary>Something is wrong with a help page.</summary>
/// <param name="file">The page.</param>
/// <param name="line">The line, counted from 1.</param>
/// <param name="message">What is wrong and what to write.</param>
public sealed class PageException(string file, int line, string message) : Exception(message)
{
    /// <summary>The page.</summary>
    public string File { get; } = file;

    /// <summary>The line, counted from 1.</summary>
    public int Line { get; } = line;
}
