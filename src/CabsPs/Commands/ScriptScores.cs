using System.Collections;
using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Search;

namespace CabsPs.Commands;

/// <summary>Reads what a script block that judges has put out.</summary>
internal static class ScriptScores
{
    /// <summary>A number; a hashtable or object of numbers, or of lists of example scores; several numbers: example scores.</summary>
    /// <exception cref="CabsException">It is none of these.</exception>
    public static IReadOnlyList<TaskScore> Read(IReadOnlyList<PSObject> output)
    {
        if (output is [{ BaseObject: IDictionary table }])
            return JudgeOutput.Of([.. table.Cast<DictionaryEntry>().Select(e => One(e.Key.ToString()!, e.Value))]);
        if (output is [{ BaseObject: PSCustomObject }])
            return JudgeOutput.Of([.. output[0].Properties.Select(p => One(p.Name, p.Value))]);
        return output.Count == 0 ? JudgeOutput.Of([]) : JudgeOutput.Of([One(JudgeOutput.SingleTask, output.Count == 1 ? output[0] : output)]);
    }

    private static (string Task, double? Value, IReadOnlyList<double>? Examples) One(string task, object? value)
    {
        value = value is PSObject wrapped ? wrapped.BaseObject : value;
        return value is IEnumerable many and not string
            ? (task, null, [.. many.Cast<object?>().Select(v => Number(task, v))])
            : (task, Number(task, value), null);
    }

    private static double Number(string task, object? value)
    {
        value = value is PSObject wrapped ? wrapped.BaseObject : value;
        if (value is bool right)
            return right ? 1 : 0;
        return value is not null && LanguagePrimitives.TryConvertTo(value, System.Globalization.CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new CabsException(CabsError.JudgeFailed, $"the judge's score of {Text.Quote(task)} is {Text.Quote(value?.ToString() ?? "nothing")}; it must be a number, or a list of the examples' numbers", task);
    }
}
