using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CabsPs.Cli;

/// <summary>Turns Ctrl+C and requests to end into a cancellation, so that a merge can take its unfinished files away. One that
/// does not end in time can be ended the hard way by asking again.</summary>
internal sealed class Cancellation : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Lock _lock = new();
    private long _since;

    public Cancellation() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, Receive))];

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>What the process ends with after a cancellation.</summary>
    public int ExitCode { get; private set; } = Cli.ExitCode.Cancelled;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Receive(PosixSignalContext context)
    {
        lock (_lock)
        {
            if (_since == 0)
            {
                _since = Stopwatch.GetTimestamp();
                ExitCode = context.Signal == PosixSignal.SIGTERM ? Cli.ExitCode.Terminated : Cli.ExitCode.Cancelled;
            }

            // true means: do not end the process now
            context.Cancel = Stopwatch.GetElapsedTime(_since) < s_patience;
        }

        _source.Cancel();
    }
}
