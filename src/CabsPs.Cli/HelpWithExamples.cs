using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using CabsPs.Cli.Commands;

namespace CabsPs.Cli;

/// <summary>The usual help, then calls to copy.</summary>
internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    private static readonly string[] s_examples =
        [.. MergeCommand.Examples.Take(2), InspectCommand.Examples[0], CompareCommand.Examples[0]];

    public override bool ClearsParseErrors => inner.ClearsParseErrors;

    public override int Invoke(ParseResult parseResult)
    {
        int code = inner.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in parseResult.CommandResult.Command is ICommandWithExamples command ? command.AllExamples : s_examples)
            output.WriteLine($"  {example}");
        return code;
    }
}
