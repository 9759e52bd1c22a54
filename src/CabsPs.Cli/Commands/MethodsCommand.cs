using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs methods</c>: what can be written as a recipe's <c>merge_method</c>, from the methods' own declarations.</summary>
internal sealed class MethodsCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs methods                                       all methods, a line each",
        "cabs methods ties                                  formula, source and parameters of one",
        "cabs methods --json",
    ];

    private readonly Argument<string?> _name = new("NAME") { Description = "A method; without it, all are listed.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of tables." };

    public MethodsCommand(Streams streams)
        : base("methods", "List the merge methods, or show the formula and parameters of one.")
    {
        Add(_name);
        Add(_json);
        SetAction(call =>
        {
            MergeMethod? method = call.GetValue(_name) is { } name ? MethodCatalog.Get(name) : null;
            if (call.GetValue(_json))
                MethodsJson.Write(streams, method);
            else if (method is not null)
                MethodsReport.Write(streams, method);
            else
                MethodsReport.Write(streams);
            return ExitCode.Success;
        });
    }

    public IReadOnlyList<string> AllExamples => Examples;
}
