namespace CabsPs.Cli.Commands;

/// <summary>A command whose help shows calls to copy.</summary>
internal interface ICommandWithExamples
{
    /// <summary>Whole command lines.</summary>
    IReadOnlyList<string> AllExamples { get; }
}
