using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Commands;

/// <summary>Completes names from one of the engine's catalogues.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = WildcardPattern.Get(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
        return Names().Where(n => pattern.IsMatch(n.Name)).Select(n => new CompletionResult(n.Name, n.Name, CompletionResultType.ParameterValue, n.Summary));
    }

    /// <summary>The names there are, each with what it means.</summary>
    protected abstract IEnumerable<(string Name, string Summary)> Names();
}

/// <summary>Completes names of merge methods.</summary>
public sealed class MethodCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Summary)> Names() => MethodCatalog.All.Select(m => (m.Name, m.Summary));
}

/// <summary>Completes names of sparsifiers.</summary>
public sealed class SparsifierCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Summary)> Names() => SparsifierCatalog.All.Select(s => (s.Name, string.Join(", ", s.Parameters.Select(p => p.Name))));
}

/// <summary>Completes names of compute engines.</summary>
public sealed class EngineCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Summary)> Names() => ComputeEngines.List().Select(e => (e.Name, e.IsAvailable ? e.Version : e.Missing!));
}

/// <summary>Completes names of devices, those of all engines.</summary>
public sealed class DeviceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string Summary)> Names() => ComputeEngines.List().SelectMany(e => e.Devices).Select(d => (d.Name, d.Description)).Distinct();
}
