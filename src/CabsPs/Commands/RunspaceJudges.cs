using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;

namespace CabsPs.Commands;

/// <summary>Runs a script block in several runspaces side by side. As with ForEach-Object -Parallel it sees nothing of the caller but the values of
/// <c>$using:name</c>.</summary>
internal sealed class RunspaceJudges : IDisposable
{
    private readonly string _script;
    private readonly RunspacePool _pool;

    /// <summary>Opens the runspaces.</summary>
    /// <param name="script">The script block.</param>
    /// <param name="valueOf">The caller's variables.</param>
    /// <param name="location">The folder they begin in.</param>
    /// <param name="count">How many.</param>
    public RunspaceJudges(ScriptBlock script, Func<string, object?> valueOf, string location, int count)
    {
        InitialSessionState state = InitialSessionState.CreateDefault();
        _script = $"param([Parameter(ValueFromRemainingArguments)] $__arguments) Set-Location -LiteralPath '{location.Replace("'", "''", StringComparison.Ordinal)}'; & {{{Rewrite(script, valueOf, state)}}} @__arguments";
        _pool = RunspaceFactory.CreateRunspacePool(state);
        _pool.SetMaxRunspaces(count);
        _pool.Open();
    }

    /// <summary>Judges a model; may be called from several threads.</summary>
    public IReadOnlyList<PSObject> Invoke(string model, CancellationToken cancel)
    {
        using var shell = PowerShell.Create();
        shell.RunspacePool = _pool;
        shell.AddScript(_script).AddArgument(model);
        using CancellationTokenRegistration registration = cancel.Register(() => shell.BeginStop(null, null));
        try
        {
            IReadOnlyList<PSObject> output = shell.Invoke();
            return shell.HadErrors && output.Count == 0 && shell.Streams.Error.Count > 0 ? throw new RuntimeException(shell.Streams.Error[0].ToString()) : output;
        }
        catch (PipelineStoppedException)
        {
            cancel.ThrowIfCancellationRequested();
            throw;
        }
    }

    public void Dispose() => _pool.Dispose();

    // $using:name becomes a variable that every runspace has from its beginning
    private static string Rewrite(ScriptBlock script, Func<string, object?> valueOf, InitialSessionState state)
    {
        var ast = (ScriptBlockAst)script.Ast;
        int offset = ast.Extent.StartOffset;
        string whole = ast.Extent.Text;
        var text = new StringBuilder(whole);
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (UsingExpressionAst use in ast.FindAll(a => a is UsingExpressionAst, true).Cast<UsingExpressionAst>().OrderByDescending(u => u.Extent.StartOffset))
        {
            string name = UsingExpressionAst.ExtractUsingVariable(use).VariablePath.UserPath;
            string own = $"__using_{name}";
            if (known.Add(own))
                state.Variables.Add(new SessionStateVariableEntry(own, valueOf(name), string.Empty));
            int start = use.Extent.StartOffset - offset;
            int length = $"$using:{name}".Length;
            if (text.ToString(start, length).Equals($"$using:{name}", StringComparison.OrdinalIgnoreCase))
                text.Remove(start, length).Insert(start, $"${own}");
        }

        // the block's own braces are put back by the caller
        string result = text.ToString().Trim();
        return result.StartsWith('{') && result.EndsWith('}') ? result[1..^1] : result;
    }
}
