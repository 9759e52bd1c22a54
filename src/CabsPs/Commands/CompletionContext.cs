using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CabsPs.Commands;

/// <summary>What a command line that is being written says already: its own arguments, and what comes down its pipeline. Nothing of it is
/// run; variables are looked up.</summary>
internal sealed class CompletionContext(CommandAst command, IDictionary arguments)
{
    /// <summary>What is being completed, as a pattern over the things there are.</summary>
    public static WildcardPattern PatternOf(string word) => WildcardPattern.Get(word.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);

    /// <summary>A completion; quoted where PowerShell would not take the text as one word.</summary>
    public static CompletionResult Result(string text, string tip)
    {
        bool bare = text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':' or '\\');
        return new CompletionResult(bare ? text : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'", text.Length == 0 ? " " : text, CompletionResultType.ParameterValue, tip.Length == 0 ? text : tip);
    }

    /// <summary>The texts given to a parameter of the command itself.</summary>
    public IEnumerable<string> Texts(string parameter) => arguments.Contains(parameter) ? Flatten(arguments[parameter]).Select(a => a.ToString() ?? string.Empty) : [];

    /// <summary>Full paths of the models whose tensors the command will see, as far as they can be known.</summary>
    public IEnumerable<string> ModelPaths() =>
        Resolve([.. Texts("Path"), .. Texts("LiteralPath"), .. Texts("BasePath")])
            .Concat(Vectors().Select(v => v.BasePath))
            .Concat(Resolve([.. Before("Get-TaskVector").SelectMany(c => Constants(c, "BasePath"))]));

    /// <summary>Names of the task vectors that the command will get, as far as they can be known.</summary>
    public IEnumerable<string> VectorNames() =>
        Vectors().Select(v => v.Name).Concat(Resolve([.. Before("Get-TaskVector").SelectMany(c => Constants(c, "Path"))]).Select(p => Path.GetFileName(p.TrimEnd('/', '\\')))).Distinct();

    // task vectors in -InputObject or in a variable at the head of the pipeline
    private IEnumerable<TaskVector> Vectors()
    {
        IEnumerable<object> given = arguments.Contains("InputObject") ? Flatten(arguments["InputObject"]) : [];
        if (command.Parent is PipelineAst { PipelineElements: [CommandExpressionAst { Expression: VariableExpressionAst variable }, ..] })
            given = given.Concat(Invoke("Get-Variable", ("Name", variable.VariablePath.UserPath), ("ValueOnly", true)).SelectMany(Flatten));
        return given.OfType<TaskVector>();
    }

    private IEnumerable<CommandAst> Before(string name) =>
        command.Parent is PipelineAst pipeline
            ? pipeline.PipelineElements.TakeWhile(e => e != command).OfType<CommandAst>().Where(c => string.Equals(c.GetCommandName(), name, StringComparison.OrdinalIgnoreCase))
            : [];

    private static IEnumerable<string> Constants(CommandAst command, string parameter) =>
        StaticParameterBinder.BindCommand(command).BoundParameters.TryGetValue(parameter, out ParameterBindingResult? bound)
            ? bound.Value?.FindAll(a => a is StringConstantExpressionAst, searchNestedScriptBlocks: false).Cast<StringConstantExpressionAst>().Select(s => s.Value) ?? []
            : [];

    private static IEnumerable<string> Resolve(string[] paths) =>
        paths.Length == 0 ? [] : Invoke("Convert-Path", ("Path", paths), ("ErrorAction", "Ignore")).OfType<string>();

    private static IEnumerable<object> Flatten(object? value)
    {
        object? bare = value is PSObject wrapped ? wrapped.BaseObject : value;
        return bare switch
        {
            null => [],
            string => [bare],
            IEnumerable many => many.Cast<object?>().SelectMany(Flatten),
            _ => [bare],
        };
    }

    // completion has nowhere to report errors to
    private static IReadOnlyList<object> Invoke(string name, params (string Name, object Value)[] parameters)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand(name);
        foreach ((string parameter, object value) in parameters)
            shell.AddParameter(parameter, value);
        try
        {
            return [.. shell.Invoke().Where(o => o is not null).Select(o => o.BaseObject)];
        }
        catch (RuntimeException)
        {
            return [];
        }
    }
}
