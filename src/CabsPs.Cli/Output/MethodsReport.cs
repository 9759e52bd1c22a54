using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>Merge methods for a person.</summary>
internal static class MethodsReport
{
    /// <summary>Writes a line for each method.</summary>
    public static void Write(Streams streams)
    {
        var table = new Table("method", "base", "models", "what it does");
        foreach (MergeMethod method in MethodCatalog.All)
            table.Add(method.Name, Of(method.BaseRule), Of(method.InputCount), method.Summary);
        var report = new Report();
        report.Add(table);
        report.Add("cabs methods NAME shows formula, source and parameters of one.");
        report.WriteTo(streams);
    }

    /// <summary>Writes all about one method.</summary>
    public static void Write(Streams streams, MergeMethod method)
    {
        var facts = new Table();
        facts.Add("method", method.Name);
        facts.Add("does", method.Summary);
        facts.Add("formula", method.Formula);
        facts.Add("source", method.Source);
        facts.Add("base model", method.BaseRule switch
        {
            BaseRule.Required => "required",
            BaseRule.Optional => "optional; with one, the method works on differences from it",
            _ => "none; one that is given is an input like the others",
        });
        facts.Add("models", Of(method.InputCount) + (method.BaseRule == BaseRule.Required ? ", besides the base" : string.Empty));
        var table = new Table("parameter", "takes", "default", "stands", "meaning");
        foreach (MethodParameter parameter in method.Parameters)
        {
            table.Add(
                parameter.Name,
                parameter.Expectation,
                parameter.Default is { } given ? ParameterText.Value(given) : "required",
                parameter.Scope == ParameterScope.Model ? "under a model or at the top" : "at the top",
                parameter.Description);
        }

        var report = new Report();
        report.Add(facts);
        report.Add(table);
        if (table.Rows.Count == 0)
            report.Add("It takes no parameters.");
        report.WriteTo(streams);
    }

    /// <summary>What a base is to a method, in a word.</summary>
    public static string Of(BaseRule rule) => rule switch
    {
        BaseRule.Required => "required",
        BaseRule.Optional => "optional",
        _ => "none",
    };

    private static string Of(InputCount count) => count.Minimum == 0 && count.Maximum == int.MaxValue ? "any number" : count.ToString();
}
