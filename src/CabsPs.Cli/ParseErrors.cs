using System.CommandLine;
using System.CommandLine.Parsing;
using CabsPs.Engine;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli;

/// <summary>Says in one line what is wrong with a call, and what was probably meant.</summary>
internal static class ParseErrors
{
    /// <summary>Throws when a call is wrong.</summary>
    /// <exception cref="CabsException">It is.</exception>
    public static void Check(ParseResult call)
    {
        Command command = call.CommandResult.Command;
        bool atRoot = command is RootCommand;
        string help = $"; see {(atRoot ? "cabs" : $"cabs {command.Name}")} --help";
        if (UnknownOption(call) is { } option)
            throw Wrong($"unknown option {Text.Quote(option)}{Hint(option, Options(call))}{help}", option);
        if (call.UnmatchedTokens.Count > 0)
        {
            string token = call.UnmatchedTokens[0];
            throw atRoot
                ? Wrong($"unknown command {Text.Quote(token)}{Hint(token, command.Subcommands.Select(c => c.Name))}{help}", token)
                : Wrong($"unexpected argument {Text.Quote(token)}; cabs {command.Name} takes {string.Join(" and ", command.Arguments.Select(a => a.Name))}{help}", token);
        }

        if (call.Errors.Count == 0)
            return;
        if (atRoot)
            throw Wrong($"no command; give {string.Join(" or ", command.Subcommands.Select(c => c.Name))}{help}", "command");
        if (command.Arguments.FirstOrDefault(a => call.GetResult(a) is not { Tokens.Count: > 0 }) is { } missing)
            throw Wrong($"no {missing.Name}{help}", missing.Name);
        string message = call.Errors[0].Message.TrimEnd('.');
        throw Wrong($"{char.ToLowerInvariant(message[0])}{message[1..]}{help}", command.Name);
    }

    // an option nobody knows is taken for an argument where one is still wanted
    private static string? UnknownOption(ParseResult call)
    {
        var beforeDashes = call.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash).Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        IEnumerable<string> arguments = call.CommandResult.Command.Arguments.SelectMany(a => call.GetResult(a)?.Tokens ?? []).Select(t => t.Value);
        return arguments.Concat(call.UnmatchedTokens).FirstOrDefault(a => a is ['-', _, ..] && beforeDashes.Contains(a))?.Split('=')[0];
    }

    private static IEnumerable<string> Options(ParseResult call)
    {
        for (CommandResult? at = call.CommandResult; at is not null; at = at.Parent as CommandResult)
        {
            foreach (Option option in at.Command.Options.Where(o => at == call.CommandResult || o.Recursive))
                yield return option.Name;
        }
    }

    // dashes would make short words look alike
    private static string Hint(string word, IEnumerable<string> candidates)
    {
        string[] names = [.. candidates];
        string? near = Suggestion.Nearest(word.TrimStart('-'), names.Select(n => n.TrimStart('-')));
        return near is null ? string.Empty : $"; did you mean '{names.First(n => n.TrimStart('-') == near)}'?";
    }

    private static CabsException Wrong(string message, string target) => new(CabsError.ParameterInvalid, message.Replace("?;", "?", StringComparison.Ordinal), target);
}
