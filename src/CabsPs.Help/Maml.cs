using System.Xml.Linq;

namespace CabsPs.Help;

/// <summary>Writes MAML, the XML that Get-Help reads.</summary>
public static class Maml
{
    private static readonly XNamespace s_help = "http://msh";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>The document of all cmdlets.</summary>
    public static XDocument Document(IEnumerable<CommandPage> commands) =>
        new(new XElement(s_help + "helpItems", new XAttribute("schema", "maml"), commands.Select(Command)));

    private static XElement Command(CommandPage page)
    {
        string[] name = page.Name.Split('-', 2);
        return new XElement(
            s_command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", s_maml),
            new XAttribute(XNamespace.Xmlns + "command", s_command),
            new XAttribute(XNamespace.Xmlns + "dev", s_dev),
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", page.Name),
                new XElement(s_command + "verb", name[0]),
                new XElement(s_command + "noun", name[^1]),
                Text("description", [page.Synopsis])),
            Text("description", page.Description),
            new XElement(s_command + "syntax", page.Syntax.Select(set => Syntax(page, set))),
            new XElement(s_command + "parameters", page.Parameters.Select(p => Parameter(p, p.Uses[0]))),
            new XElement(s_command + "inputTypes", page.Inputs.Select(t => Type("inputType", t))),
            new XElement(s_command + "returnValues", page.Outputs.Select(t => Type("returnValue", t))),
            page.Notes.Count == 0 ? null : new XElement(s_maml + "alertSet", new XElement(s_maml + "alert", page.Notes.Select(Paragraph))),
            new XElement(s_command + "examples", page.Examples.Select(Example)),
            new XElement(s_command + "relatedLinks", page.Links.Select(l => new XElement(
                s_maml + "navigationLink",
                new XElement(s_maml + "linkText", l.Text),
                new XElement(s_maml + "uri", l.Address.Contains("://", StringComparison.Ordinal) ? l.Address : string.Empty)))));
    }

    private static XElement Syntax(CommandPage page, SyntaxSet set) => new(
        s_command + "syntaxItem",
        new XElement(s_maml + "name", page.Name),
        from name in set.Parameters
        let parameter = page.Parameters.FirstOrDefault(p => p.Name == name)
        where parameter is not null
        select Parameter(parameter, parameter.Uses.FirstOrDefault(u => u.Sets is null || u.Sets.Contains(set.Name)) ?? parameter.Uses[0]));

    private static XElement Parameter(ParameterHelp parameter, ParameterUse use) => new(
        s_command + "parameter",
        new XAttribute("required", use.Required ? "true" : "false"),
        new XAttribute("variableLength", use.Type.EndsWith("[]", StringComparison.Ordinal) ? "true" : "false"),
        new XAttribute("globbing", use.Wildcards ? "true" : "false"),
        new XAttribute("pipelineInput", use.PipelineInput),
        new XAttribute("position", use.Position.ToLowerInvariant()),
        new XAttribute("aliases", use.Aliases.Length == 0 ? "none" : use.Aliases),
        new XElement(s_maml + "name", parameter.Name),
        Text("Description", parameter.Text),
        use.AcceptedValues.Count == 0 || use.IsSwitch ? null : new XElement(s_command + "parameterValueGroup", use.AcceptedValues.Select(v => new XElement(
            s_command + "parameterValue", new XAttribute("required", "false"), new XAttribute("variableLength", "false"), v))),
        use.IsSwitch ? null : new XElement(s_command + "parameterValue", new XAttribute("required", "true"), new XAttribute("variableLength", "false"), use.Type),
        new XElement(s_dev + "type", new XElement(s_maml + "name", use.Type)),
        new XElement(s_dev + "defaultValue", use.Default ?? (use.IsSwitch ? "False" : "None")));

    private static XElement Type(string element, TypeHelp type) =>
        new(s_command + element, new XElement(s_dev + "type", new XElement(s_maml + "name", type.Name)), Text("description", type.Text));

    private static XElement Example(ExampleHelp example, int index) => new(
        s_command + "example",
        new XElement(s_maml + "title", $"--- {example.Title} ---"),
        // an empty paragraph keeps the code off the text
        new XElement(s_maml + "introduction", example.Introduction.Select(Paragraph), example.Introduction.Count == 0 ? null : Paragraph(string.Empty)),
        new XElement(s_dev + "code", example.Code),
        new XElement(s_dev + "remarks", example.Remarks.Append(string.Empty).Select(Paragraph)));

    private static XElement Text(string element, IReadOnlyList<string> paragraphs) => new(s_maml + element, paragraphs.Select(Paragraph));

    private static XElement Paragraph(string text) => new(s_maml + "para", text);
}
