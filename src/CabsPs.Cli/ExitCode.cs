namespace CabsPs.Cli;

/// <summary>What the process says when it ends.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>A correct call failed, or a comparison found differences.</summary>
    public const int Failure = 1;

    /// <summary>The call or the recipe is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Cancelled from the keyboard, as shells say it: 128 and SIGINT.</summary>
    public const int Cancelled = 130;

    /// <summary>Ended by request: 128 and SIGTERM.</summary>
    public const int Terminated = 143;
}
