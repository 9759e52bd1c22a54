using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>The models that were read.</summary>
internal sealed class InputSection : Section
{
    public override string Id => "inputs";

    public override string Title => "Inputs";

    public override bool AppliesTo(ReportContent content) => content.Merges.Count > 0;

    public override void Write(Markup page, ReportContent content)
    {
        var table = new DataTable("Models read", "model", "part", "architecture", "type", ">tensors", ">parameters", ">size", "path");
        foreach ((Checkpoint model, bool isBase) in content.Merges.SelectMany(m => m.Plan.Models.Select(c => (c, ReferenceEquals(c, m.Plan.Base)))).DistinctBy(m => m.Item1.Path))
        {
            table.Add(
                model.Name,
                isBase ? "base" : "expert",
                model.Config?.Architecture ?? model.Config?.ModelType ?? "–",
                model.MainType?.ToString() ?? "–",
                Figures.Whole(model.Tensors.Count),
                Text.Count(model.ParameterCount),
                Text.Bytes(model.ByteLength),
                model.Path);
        }

        table.Write(page);
    }
}
