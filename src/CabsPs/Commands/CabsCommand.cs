using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>What all cmdlets share: engine work runs off the pipeline thread and can be stopped, paths go through the provider,
/// expected failures become error records.</summary>
public abstract class CabsCommand : PSCmdlet, IDisposable
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Cancelled when the pipeline is stopped.</summary>
    internal CancellationToken Stopped => _stopping.Token;

    /// <summary>Whether the user lets progress be shown.</summary>
    internal bool ShowsProgress => (MyInvocation.BoundParameters.TryGetValue("ProgressAction", out object? action) ? action : GetVariableValue("ProgressPreference")) is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _stopping.Cancel();

    /// <summary>The full path of one file or folder; wildcard characters mean themselves.</summary>
    /// <returns>Null where the path is not in the file system; the error is written.</returns>
    internal string? ResolveLiteral(string path)
    {
        try
        {
            return ResolvePath(path);
        }
        catch (PathException e)
        {
            WriteError(e.ErrorRecord);
            return null;
        }
    }

    /// <summary>The full paths a wildcard stands for; a path without wildcards, or one that exists as it is written, stands for itself.</summary>
    internal IEnumerable<string> ResolveWildcard(string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path) || (ResolveQuietly(path) is { } literal && (File.Exists(literal) || Directory.Exists(literal))))
            return ResolveLiteral(path) is { } single ? [single] : [];
        try
        {
            IReadOnlyList<string> found = SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            if (provider.Name != "FileSystem")
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
            else if (found.Count > 0)
                return found;
            else
                WriteError(ErrorRecords.WildcardMatchesNothing(path));
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or ItemNotFoundException)
        {
            WriteError(ErrorRecords.PathNotFound(path, e));
        }

        return [];
    }

    /// <summary>Runs engine work on another thread; all Write calls stay on this one.</summary>
    /// <param name="work">The work; it gets a token that stops it.</param>
    /// <param name="tick">Called about ten times a second while the work goes on.</param>
    internal T Run<T>(Func<CancellationToken, T> work, Action? tick = null)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stopped);
        Task<T> task = Task.Factory.StartNew(() => work(cancel.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            while (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(s_tick))
                tick?.Invoke();
            return task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (Stopped.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            // a tick can throw when the pipeline is stopped: wait until the work has cleaned up
            cancel.Cancel();
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>Runs work off the pipeline thread and shows how far it is.</summary>
    internal T Watch<T>(string activity, Func<MergeProgress> progress, Func<CancellationToken, T> work)
    {
        bool shown = false;
        try
        {
            return Run(work, () =>
            {
                MergeProgress now = progress();
                shown = true;
                WriteProgress(new ProgressRecord(1, activity, $"{Text.Bytes(now.BytesDone)} of {Text.Bytes(now.BytesTotal)}") { CurrentOperation = now.Tensor, PercentComplete = (int)(now.Share * 100) });
            });
        }
        finally
        {
            if (shown && !Stopped.IsCancellationRequested)
                WriteProgress(new ProgressRecord(1, activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }

    /// <summary>Does something for one input: an expected failure is written as an error and does not stop the others.</summary>
    /// <param name="target">The input.</param>
    /// <param name="action">What is done.</param>
    internal void Attempt(object target, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (ErrorRecords.IsExpected(e))
        {
            WriteError(ErrorRecords.From(e, target));
        }
    }

    /// <summary>Does something that the cmdlet cannot go on without.</summary>
    /// <param name="target">What it works on.</param>
    /// <param name="action">What is done.</param>
    internal T Require<T>(object? target, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (ErrorRecords.IsExpected(e))
        {
            ThrowTerminatingError(ErrorRecords.From(e, target));
            throw;
        }
    }

    /// <summary>The full path of an input without which the cmdlet cannot go on.</summary>
    internal string RequireLiteral(string path)
    {
        try
        {
            return ResolvePath(path);
        }
        catch (PathException e)
        {
            ThrowTerminatingError(e.ErrorRecord);
            throw;
        }
    }

    /// <summary>The full path of one file or folder; wildcard characters mean themselves.</summary>
    /// <exception cref="PathException">It is not in the file system.</exception>
    internal string ResolvePath(string path)
    {
        try
        {
            string full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return provider.Name == "FileSystem" ? full : throw new PathException(ErrorRecords.NotFileSystem(path, provider.Name));
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or ItemNotFoundException)
        {
            throw new PathException(ErrorRecords.PathNotFound(path, e));
        }
    }

    private string? ResolveQuietly(string path)
    {
        try
        {
            return ResolvePath(path);
        }
        catch (PathException)
        {
            return null;
        }
    }
}

/// <summary>A path that leads to no place in the file system, with the record that says so.</summary>
internal sealed class PathException(ErrorRecord record) : Exception(record.Exception.Message, record.Exception), IContainsErrorRecord
{
    /// <inheritdoc/>
    public ErrorRecord ErrorRecord { get; } = record;
}
