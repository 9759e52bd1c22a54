using System.Globalization;
using System.Text;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Help;

/// <summary>The parts of a page that follow from the engine's own declarations, so that they cannot be out of date. A page names them by a
/// comment of its own line: <c>&lt;!-- methods --&gt;</c>, <c>&lt;!-- steps --&gt;</c>, <c>&lt;!-- sparsifiers --&gt;</c>.</summary>
internal static class MethodChapter
{
    /// <summary>Replaces the comments in a page's text.</summary>
    public static string Fill(string text) => text
        .Replace("<!-- methods -->", string.Join('\n', MethodCatalog.All.Select(Of)), StringComparison.Ordinal)
        .Replace("<!-- steps -->", string.Join('\n', PostCatalog.All.Select(s => Chapter(s.Name, s.Summary, null, s.Source, s.Parameters))), StringComparison.Ordinal)
        .Replace("<!-- sparsifiers -->", string.Join('\n', SparsifierCatalog.All.Select(s => $"### {s.Name}\n\n{Parameters(s.Parameters)}")), StringComparison.Ordinal);

    private static string Of(MergeMethod method)
    {
        string takes = method.BaseRule switch
        {
            BaseRule.Required => "a base model, and besides it ",
            BaseRule.Optional => "with or without a base model; ",
            _ => string.Empty,
        };
        InputCount count = method.InputCount;
        string models = count.Minimum == 0 && count.Maximum == int.MaxValue ? "any number of models" : count.ToString();
        return Chapter(method.Name, method.Summary, method.Formula, method.Source, method.Parameters, $"Takes {takes}{models}.\n\n");
    }

    private static string Chapter(string name, string summary, string? formula, string source, IReadOnlyList<MethodParameter> parameters, string takes = "") =>
        $"### {name}\n\n{Escape(summary)}\n\n{(formula is null ? string.Empty : $"Formula: {Escape(formula)}\n\n")}Source: {Escape(source)}\n\n{takes}{Parameters(parameters)}";

    private static string Parameters(IReadOnlyList<MethodParameter> parameters)
    {
        var text = new StringBuilder();
        foreach (MethodParameter parameter in parameters)
        {
            string given = parameter.Default is null ? "required" : string.Create(CultureInfo.InvariantCulture, $"{(parameter.Default is bool flag ? (flag ? "true" : "false") : parameter.Default)} without");
            text.Append(CultureInfo.InvariantCulture, $"- `{parameter.Name}`: {parameter.Expectation}; {given}. {Escape(parameter.Description)}\n");
        }

        return text.Length == 0 ? "It takes no parameters.\n" : text.ToString();
    }

    // formulas and titles are text, whatever marks they hold
    private static string Escape(string text) =>
        string.Concat(text.Select(c => "\\`*_{}[]<>#|&".Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString()));
}
