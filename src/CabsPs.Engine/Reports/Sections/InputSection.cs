namespace CabsPs.Engine.Reports.Sections;

/// <summary>The models that were read.</summary>
internal sealed class InputSection : Section
{
    public override string Id => "inputs";

    public override string Title => "Inputs";

    public override bool AppliesTo(ReportContent content) => content.Merges.Any(m => m.Models.Count > 0);

    public override void Write(Markup page, ReportContent content)
    {
        var table = new DataTable("Models read", "model", "part", "architecture", "type", ">tensors", ">parameters", ">size", "path");
        foreach (ReportModel model in content.Merges.SelectMany(m => m.Models).DistinctBy(m => m.Path))
        {
            table.Add(
                model.Name,
                model.IsBase ? "base" : "expert",
                model.Architecture ?? "–",
                model.Type ?? "–",
                model.Size is { } counted ? Figures.Whole(counted.Tensors) : "–",
                model.Size is { } size ? Text.Count(size.Parameters) : "–",
                model.Size is { } sized ? Text.Bytes(sized.Bytes) : "–",
                model.Path);
        }

        table.Write(page);
    }
}
