using System.Globalization;
using System.Text.RegularExpressions;
using CabsPs.Engine.Merging;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>What a scalar is in YAML 1.1, in which mergekit's recipes are written: <c>yes</c> and <c>off</c> are booleans,
/// <c>010</c> is eight, <c>0x10</c> sixteen, <c>1_000</c> a thousand, <c>1:30</c> ninety; <c>1e-5</c> is a text (a float needs a dot there),
/// but one that a number can be read from.</summary>
internal static partial class YamlScalar
{
    private const int LongestNumber = 200;

    /// <summary>The value: a bool, a double, a text, or null.</summary>
    public static object? Value(YamlScalarNode node)
    {
        string text = node.Value ?? string.Empty;
        if (node.Style is not (ScalarStyle.Plain or ScalarStyle.Any))
            return text;
        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
            "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
            _ => Number(text) is { } number ? number : text,
        };
    }

    /// <summary>The value as one of a parameter's; null when it is none. A model's name is its text, whatever else it could be.</summary>
    public static object? Value(YamlScalarNode node, MethodParameter parameter) =>
        Value(node) is { } typed && parameter.TryRead(parameter.Kind is ParameterKind.ModelName or ParameterKind.Path ? node.Value! : typed, out object value) ? value : null;

    private static double? Number(string text)
    {
        // the expression tries every place in a long row of zeros
        if (text.Length > LongestNumber || !PlainNumber().IsMatch(text))
            return null;
        string digits = text.Replace("_", string.Empty, StringComparison.Ordinal);
        double sign = digits[0] == '-' ? -1 : 1;
        digits = digits.TrimStart('+', '-');
        if (digits.Contains(':', StringComparison.Ordinal))
            return sign * digits.Split(':').Aggregate(0.0, (value, part) => (60 * value) + Decimal(part));
        if (digits.StartsWith("0x", StringComparison.Ordinal))
            return sign * Whole(digits[2..], 16);
        if (digits.StartsWith("0b", StringComparison.Ordinal))
            return sign * Whole(digits[2..], 2);
        if (digits.Length > 1 && digits[0] == '0' && digits.All(char.IsAsciiDigit))
            return sign * Whole(digits, 8);
        return digits switch
        {
            ".inf" or ".Inf" or ".INF" => sign * double.PositiveInfinity,
            ".nan" or ".NaN" or ".NAN" => double.NaN,
            _ => sign * Decimal(digits),
        };
    }

    private static double Decimal(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static double Whole(string digits, int radix) =>
        digits.Aggregate(0.0, (value, digit) => (radix * value) + Convert.ToInt32(digit.ToString(), 16));

    // YAML 1.1's int and float types, with a dot where a float needs one
    [GeneratedRegex("""
        ^(?:
          [-+]?0b[01_]*[01][01_]*
        | [-+]?0[0-7_]+
        | [-+]?(?:0|[1-9][0-9_]*)
        | [-+]?0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*
        | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+
        | [-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?
        | [-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
        | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
        | [-+]?\.(?:inf|Inf|INF)
        | \.(?:nan|NaN|NAN)
        )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex PlainNumber();
}
