using System.Globalization;
using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Reports;

namespace CabsPs.Commands;

/// <summary>Reads a score from an object with a Name and a Score.</summary>
internal static class ScoreObject
{
    private static readonly string[] s_known = ["Name", "Score", "Low", "High", "Group", "Note", "IsReference"];

    /// <summary>Reads it.</summary>
    /// <exception cref="CabsException">There is no Name, or a value is not a number.</exception>
    public static ReportScore Read(PSObject item)
    {
        string name = Word(item, "Name");
        if (name.Length == 0)
            throw new CabsException(CabsError.ParameterInvalid, "a score has no Name; give objects with a Name and a Score, and if there are any Low, High, Group, Note and IsReference", item.BaseObject);
        return new ReportScore(name, Number(item, "Score", name) ?? throw new CabsException(CabsError.ParameterInvalid, $"{Text.Quote(name)} has no Score; give a number", item.BaseObject))
        {
            Low = Number(item, "Low", name) ?? double.NaN,
            High = Number(item, "High", name) ?? double.NaN,
            Group = Word(item, "Group"),
            Note = Word(item, "Note"),
            IsReference = item.Properties["IsReference"]?.Value is { } value && LanguagePrimitives.IsTrue(value),
            Columns = [.. item.Properties.Where(p => !s_known.Contains(p.Name, StringComparer.OrdinalIgnoreCase)).Select(p => (p.Name, Shown(p.Value)))],
        };
    }

    private static string Word(PSObject item, string name) => item.Properties[name]?.Value is { } value ? Shown(value) : string.Empty;

    private static double? Number(PSObject item, string property, string name)
    {
        if (item.Properties[property]?.Value is not { } value || (value is string text && text.Length == 0))
            return null;
        return LanguagePrimitives.TryConvertTo(value, typeof(double), CultureInfo.InvariantCulture, out object? number)
            ? (double)number
            : throw new CabsException(CabsError.ParameterInvalid, $"{property} of {Text.Quote(name)} is {Text.Quote(Shown(value))}; it takes a number", value);
    }

    private static string Shown(object? value) => value switch
    {
        null => string.Empty,
        double or float => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("0.####", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value is PSObject wrapped ? wrapped.BaseObject : value, CultureInfo.InvariantCulture) ?? string.Empty,
    };
}
