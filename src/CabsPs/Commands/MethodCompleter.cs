using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>Completes names of merge methods.</summary>
public sealed class MethodCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = WildcardPattern.Get(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
        return MethodCatalog.All.Where(m => pattern.IsMatch(m.Name)).Select(m => new CompletionResult(m.Name, m.Name, CompletionResultType.ParameterValue, m.Summary));
    }
}
