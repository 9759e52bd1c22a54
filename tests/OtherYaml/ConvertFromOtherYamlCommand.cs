using System.Management.Automation;
using YamlDotNet.Serialization;

namespace OtherYaml;

/// <summary>Reads YAML into dictionaries and lists, and says which YamlDotNet did it.</summary>
[Cmdlet(VerbsData.ConvertFrom, "OtherYaml")]
[OutputType(typeof(OtherDocument))]
public sealed class ConvertFromOtherYamlCommand : PSCmdlet
{
    /// <summary>The text.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public string InputObject { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        WriteObject(new OtherDocument(new DeserializerBuilder().Build().Deserialize<object>(InputObject), typeof(IDeserializer).Assembly.GetName().Version!));
}

/// <summary>What was read.</summary>
/// <param name="Value">The document.</param>
/// <param name="Version">The version of YamlDotNet.</param>
public sealed record OtherDocument(object Value, Version Version);
