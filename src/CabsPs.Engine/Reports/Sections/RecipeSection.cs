namespace CabsPs.Engine.Reports.Sections;

/// <summary>What was asked for: the method with its formula, every value that counted, and the recipe as it was written.</summary>
internal sealed class RecipeSection : Section
{
    public override string Id => "recipe";

    public override string Title => "Recipe";

    public override bool AppliesTo(ReportContent content) => content.Recipes.Count + content.Merges.Count > 0;

    public override void Write(Markup page, ReportContent content)
    {
        foreach (ReportMerge merge in content.Merges)
        {
            Heading(page, merge.Name, content.Merges.Count);
            WriteMerge(page, merge);
        }

        foreach (ReportRecipe recipe in content.Recipes)
        {
            page.Open("details", ("open", content.Recipes.Count == 1 && recipe.Text.Length < 3000 ? "open" : null)).Element("summary", recipe.Name);
            page.Open("pre", ("tabindex", "0"), ("aria-label", $"The text of {recipe.Name}")).Element("code", recipe.Text.ReplaceLineEndings("\n").TrimEnd()).Close(2);
        }
    }

    private static void WriteMerge(Markup page, ReportMerge merge)
    {
        if (merge.Formula.Length > 0)
            page.Open("p", ("class", "formula")).Element("code", merge.Formula).Element("span", $" {merge.Source}").Close();
        if (merge.ValueNames.Count > 0)
        {
            var table = new DataTable("Values per model, in the order of the merge", ["model", .. merge.ValueNames.Select(n => $">{n}")]);
            foreach ((string model, IReadOnlyList<string> values) in merge.Values)
                table.Add([model, .. values]);
            table.Write(page);
        }

        var facts = new DataTable("Values for the merge as a whole", "parameter", "value");
        foreach ((string name, string value) in merge.Facts)
            facts.Add(name, value);
        if (facts.Count > 0)
            facts.Write(page);
    }
}
