using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using CabsPs.Cli.Commands;
using CabsPs.Cli.Output;
using CabsPs.Engine;

namespace CabsPs.Cli;

/// <summary>The <c>cabs</c> command: reads the arguments, runs what they ask for, and turns whatever goes wrong into one line and
/// an exit code.</summary>
internal sealed class CommandLine
{
    private readonly Streams _streams;
    private readonly Cancellation _cancellation;
    private readonly RootCommand _root;
    private readonly Option<bool> _debug = new("--debug") { Description = "Show where in the program an error came from.", Recursive = true };

    public CommandLine(Streams streams, Cancellation cancellation)
    {
        (_streams, _cancellation) = (streams, cancellation);
        _root = new RootCommand("Merges fine-tuned neural networks by their task vectors.")
        {
            _debug,
            new MergeCommand(streams, cancellation.Token),
            new CheckCommand(streams, cancellation.Token),
            new MergekitYamlCommand(streams, cancellation.Token),
            new InspectCommand(streams, cancellation.Token),
            new CompareCommand(streams, cancellation.Token),
            new MeasureCommand(streams, cancellation.Token),
            new OptimizeCommand(streams, cancellation.Token),
            new ReportCommand(streams, cancellation.Token),
            new VerifyCommand(streams, cancellation.Token),
            new MethodsCommand(streams),
            new EnginesCommand(streams),
        };
        HelpOption help = _root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
    }

    /// <summary>Runs one call.</summary>
    /// <returns>The exit code.</returns>
    public int Run(string[] args)
    {
        // no response files: a model path may begin with @
        ParseResult call = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            if (call.Action is null or ParseErrorAction || !call.Action.ClearsParseErrors)
                ParseErrors.Check(call);
            return call.Invoke(new InvocationConfiguration { Output = _streams.Out, Error = _streams.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (OperationCanceledException) when (_cancellation.Token.IsCancellationRequested)
        {
            _streams.Message(_streams.WhenCancelled);
            return _cancellation.ExitCode;
        }
        catch (Exception e)
        {
            return Report(e, call.GetValue(_debug));
        }
    }

    private int Report(Exception e, bool debug)
    {
        CabsException? expected = e as CabsException;
        _streams.Message($"error: {expected?.Message ?? $"{e.GetType().Name}: {e.Message}"}{(expected is null && !debug ? " (not foreseen; --debug shows where)" : string.Empty)}");
        if (debug)
            _streams.Error.WriteLine(e);
        return expected is { IsUsage: true } ? ExitCode.Usage : ExitCode.Failure;
    }
}
