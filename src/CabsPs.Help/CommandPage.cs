namespace CabsPs.Help;

/// <summary>The help of one cmdlet. Texts are lists of paragraphs.</summary>
public sealed record CommandPage(
    string Name,
    string Synopsis,
    IReadOnlyList<string> Description,
    IReadOnlyList<SyntaxSet> Syntax,
    IReadOnlyList<ParameterHelp> Parameters,
    IReadOnlyList<ExampleHelp> Examples,
    IReadOnlyList<TypeHelp> Inputs,
    IReadOnlyList<TypeHelp> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<LinkHelp> Links);

/// <summary>One parameter set: the names of its parameters in the order in which the syntax shows them.</summary>
public sealed record SyntaxSet(string Name, IReadOnlyList<string> Parameters);

/// <summary>One parameter and how it is used, which can differ between sets.</summary>
public sealed record ParameterHelp(string Name, IReadOnlyList<string> Text, IReadOnlyList<ParameterUse> Uses);

/// <summary>How a parameter is used in some parameter sets; null for all.</summary>
public sealed record ParameterUse(
    IReadOnlyList<string>? Sets,
    string Type,
    string Aliases,
    bool Required,
    string Position,
    string? Default,
    string PipelineInput,
    bool Wildcards,
    IReadOnlyList<string> AcceptedValues)
{
    /// <summary>Whether it takes no value.</summary>
    public bool IsSwitch => Type == "SwitchParameter";
}

/// <summary>One example: what is said before it, the commands with what they print, what is said after it.</summary>
public sealed record ExampleHelp(string Title, IReadOnlyList<string> Introduction, string Code, IReadOnlyList<string> Remarks);

/// <summary>A type that goes in or comes out.</summary>
public sealed record TypeHelp(string Name, IReadOnlyList<string> Text);

/// <summary>A related topic or page.</summary>
public sealed record LinkHelp(string Text, string Address);
