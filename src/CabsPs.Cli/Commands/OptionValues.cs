using System.CommandLine;
using System.Globalization;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Commands;

/// <summary>Reads the values of options that are more than a word, with messages that say what they take.</summary>
internal static class OptionValues
{
    /// <summary>A whole number from 1 up, or null when the option was not given.</summary>
    public static int? Count(ParseResult call, Option<string> option)
    {
        if (call.GetValue(option) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw Wrong(option, text, "a whole number from 1 up");
    }

    /// <summary>A size in bytes, or null when the option was not given.</summary>
    public static long? Size(ParseResult call, Option<string> option)
    {
        if (call.GetValue(option) is not { } text)
            return null;
        return Text.TryParseBytes(text, out long bytes) && bytes > 0
            ? bytes
            : throw Wrong(option, text, "a size such as 512MB, 5GB or 2GiB");
    }

    /// <summary>A type that results can be stored as, or null when the option was not given.</summary>
    public static DType? Type(ParseResult call, Option<string> option)
    {
        if (call.GetValue(option) is not { } text)
            return null;
        return DTypes.TryParse(text, out DType type) ? type : throw Wrong(option, text, "float32, bfloat16, float16 or float64");
    }

    /// <summary>A whole number; 0 when the option was not given.</summary>
    public static long Seed(ParseResult call, Option<string> option)
    {
        if (call.GetValue(option) is not { } text)
            return 0;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : throw Wrong(option, text, "a whole number");
    }

    /// <summary>A number, or null when the option was not given.</summary>
    public static double? Number(ParseResult call, Option<string> option)
    {
        if (call.GetValue(option) is not { } text)
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : throw Wrong(option, text, "a number");
    }

    /// <summary>A number from 0 up; 0 when the option was not given.</summary>
    public static double Tolerance(ParseResult call, Option<string> option)
    {
        if (call.GetValue(option) is not { } text)
            return 0;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) && value >= 0
            ? value
            : throw Wrong(option, text, "a number from 0 up");
    }

    /// <summary>One of some words, or null when the option was not given.</summary>
    public static string? Word(ParseResult call, Option<string> option, params string[] words)
    {
        if (call.GetValue(option) is not { } text)
            return null;
        return words.Contains(text, StringComparer.OrdinalIgnoreCase) ? text.ToLowerInvariant() : throw Wrong(option, text, string.Join(" or ", words));
    }

    /// <summary>Says what an option takes.</summary>
    public static CabsException Wrong(Option option, string text, string expectation) =>
        new(CabsError.ParameterInvalid, $"{option.Name} is {Text.Quote(text)}; it takes {expectation}", option.Name);
}
