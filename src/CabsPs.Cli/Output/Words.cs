using CabsPs.Engine;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>What things are called in tables, and, as keys, in JSON.</summary>
internal static class Words
{
    public static string Of(TensorAction action) => action switch
    {
        TensorAction.Merge => "merge",
        TensorAction.Copy => "copy",
        _ => "copy if equal",
    };

    public static string Of(DifferenceKind kind) => kind switch
    {
        DifferenceKind.Equal => "equal",
        DifferenceKind.Values => "values differ",
        DifferenceKind.Shape => "shapes differ",
        DifferenceKind.Type => "types differ",
        DifferenceKind.OnlyInFirst => "only in A",
        _ => "only in B",
    };

    /// <summary>Words as one key of JSON: <c>copy if equal</c> is <c>copyIfEqual</c>.</summary>
    public static string Key(string words) =>
        string.Concat(words.Split(' ').Select((word, i) => i == 0 ? word : $"{char.ToUpperInvariant(word[0])}{word[1..]}"));

    /// <summary>A share as a percentage.</summary>
    public static string Percent(double share) => $"{Text.Significant(share * 100)} %";

    /// <summary>A number of things: <c>1 tensor</c>, <c>2 tensors</c>.</summary>
    public static string Of(long count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";
}
