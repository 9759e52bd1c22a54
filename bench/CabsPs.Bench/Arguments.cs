using System.Globalization;

namespace CabsPs.Bench;

/// <summary>What follows the sub-command: names with values, and switches.</summary>
public sealed class Arguments
{
    private readonly string[] _words;

    public Arguments(IEnumerable<string> words) => _words = [.. words];

    public IReadOnlyList<string> Words => _words;

    public bool Has(string name) => Array.IndexOf(_words, name) >= 0;

    public string? Find(string name)
    {
        int at = Array.IndexOf(_words, name);
        return at >= 0 && at + 1 < _words.Length ? _words[at + 1] : null;
    }

    public string Text(string name, string fallback) => Find(name) ?? fallback;

    public int Integer(string name, int fallback) => Find(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

    /// <summary>Reads 500MB, 2GB (powers of ten), 1GiB (of two) or plain bytes.</summary>
    public long Size(string name, string fallback)
    {
        string text = Text(name, fallback).Trim().ToUpperInvariant();
        (string Unit, long Factor)[] units = [("KIB", 1L << 10), ("MIB", 1L << 20), ("GIB", 1L << 30), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1), ("", 1)];
        (string unit, long factor) = units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        return (long)(double.Parse(text[..^unit.Length], CultureInfo.InvariantCulture) * factor);
    }
}
