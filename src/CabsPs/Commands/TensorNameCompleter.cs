using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Commands;

/// <summary>Completes names of the tensors of the model given as <c>-Path</c> or <c>-LiteralPath</c>.</summary>
public sealed class TensorNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        object? given = fakeBoundParameters["Path"] ?? fakeBoundParameters["LiteralPath"];
        if ((given as IEnumerable<object>)?.FirstOrDefault()?.ToString() is not { } path && (path = given?.ToString()!) is null)
            return [];
        try
        {
            using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
            string? full = shell.AddCommand("Convert-Path").AddParameter("Path", path).Invoke<string>().FirstOrDefault();
            var pattern = WildcardPattern.Get(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
            return full is null ? [] : [.. Checkpoint.Open(full).Tensors.Where(t => pattern.IsMatch(t.Name)).Select(t => new CompletionResult(t.Name, t.Name, CompletionResultType.ParameterValue, $"{t.Type} {t.ShapeText}"))];
        }
        catch (Exception e) when (e is CabsException or RuntimeException)
        {
            // completion has nowhere to report to
            return [];
        }
    }
}
