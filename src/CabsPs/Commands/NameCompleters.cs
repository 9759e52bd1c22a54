using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Commands;

/// <summary>Completes one of the names that are possible at this place.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        WildcardPattern pattern = CompletionContext.PatternOf(wordToComplete);
        try
        {
            return [.. Names(new CompletionContext(commandAst, fakeBoundParameters)).Where(n => pattern.IsMatch(n.Name)).Select(n => CompletionContext.Result(n.Name, n.Tip))];
        }
        catch (CabsException)
        {
            // a model that cannot be read has no names to offer; whoever runs the command is told why
            return [];
        }
    }

    /// <summary>The names there are, each with what it means.</summary>
    private protected abstract IEnumerable<(string Name, string Tip)> Names(CompletionContext context);
}

/// <summary>Completes names of merge methods.</summary>
public sealed class MethodCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, string Tip)> Names(CompletionContext context) => MethodCatalog.All.Select(m => (m.Name, m.Summary));
}

/// <summary>Completes names of sparsifiers.</summary>
public sealed class SparsifierCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, string Tip)> Names(CompletionContext context) =>
        SparsifierCatalog.All.Select(s => (s.Name, string.Join(", ", s.Parameters.Select(p => p.Name))));
}

/// <summary>Completes names of the tensors of the model that the command line names.</summary>
public sealed class TensorNameCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, string Tip)> Names(CompletionContext context) =>
        context.ModelPaths().FirstOrDefault() is { } path ? Checkpoint.Open(path).Tensors.Select(t => (t.Name, $"{t.Type} {t.ShapeText}")) : [];
}

/// <summary>Completes names of the task vectors that come down the pipeline.</summary>
public sealed class TaskVectorNameCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, string Tip)> Names(CompletionContext context) => context.VectorNames().Select(n => (n, n));
}

/// <summary>Completes a hashtable of one parameter, of the method or sparsifier that the command line names. PowerShell asks no completer
/// once a hashtable is begun, so the whole of it is offered.</summary>
public abstract class ParameterCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        WildcardPattern pattern = CompletionContext.PatternOf(wordToComplete);
        string? method = new CompletionContext(commandAst, fakeBoundParameters).Texts("Method").FirstOrDefault();
        return Parameters(method).Where(p => pattern.IsMatch(p.Name)).Select(p => new CompletionResult(
            $"@{{ {p.Name} = {Literal(p)} }}", p.Name, CompletionResultType.ParameterValue, $"{p.Description} Takes {p.Expectation}."));
    }

    /// <summary>The parameters of a method or sparsifier of this name; none when there is none.</summary>
    private protected abstract IEnumerable<MethodParameter> Parameters(string? method);

    // the default, as PowerShell writes it, or a value that is allowed
    private static string Literal(MethodParameter parameter) => (parameter.Default ?? parameter.Words.FirstOrDefault() ?? (object)1.0) switch
    {
        bool flag => flag ? "$true" : "$false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        var other => $"'{other}'",
    };
}

/// <summary>Completes parameters of a merge method.</summary>
public sealed class MethodParameterCompleter : ParameterCompleter
{
    // these have parameters of their own
    private static readonly string[] s_own = ["weight", "lambda", "normalize", "overlap"];

    /// <inheritdoc/>
    private protected override IEnumerable<MethodParameter> Parameters(string? method) => MethodCatalog.Find(method ?? "task_arithmetic")?.Parameters.Where(p => !s_own.Contains(p.Name)) ?? [];
}

/// <summary>Completes parameters of a sparsifier.</summary>
public sealed class SparsifierParameterCompleter : ParameterCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<MethodParameter> Parameters(string? method) => SparsifierCatalog.All.FirstOrDefault(s => s.Name == method)?.Parameters.Where(p => p.Name != "density") ?? [];
}

/// <summary>Completes names of compute engines.</summary>
public sealed class EngineCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, string Tip)> Names(CompletionContext context) => ComputeEngines.List().Select(e => (e.Name, e.IsAvailable ? e.Version : e.Missing!));
}

/// <summary>Completes names of devices, those of all engines.</summary>
public sealed class DeviceCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override IEnumerable<(string Name, string Tip)> Names(CompletionContext context) => ComputeEngines.List().SelectMany(e => e.Devices).Select(d => (d.Name, d.Description)).Distinct();
}
