using CabsPs.Engine.Merging;

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
            WriteDefinition(page, merge.Plan.Definition);
        }

        foreach (ReportRecipe recipe in content.Recipes)
        {
            page.Open("details", ("open", content.Recipes.Count == 1 && recipe.Text.Length < 3000 ? "open" : null)).Element("summary", recipe.Name);
            page.Open("pre", ("tabindex", "0"), ("aria-label", $"The text of {recipe.Name}")).Element("code", recipe.Text.ReplaceLineEndings("\n").TrimEnd()).Close(2);
        }
    }

    private static void WriteDefinition(Markup page, MergeDefinition definition)
    {
        MergeMethod method = definition.Method;
        page.Open("p", ("class", "formula")).Element("code", method.Formula).Element("span", $" {method.Source}").Close();
        MethodParameter[] shared = [.. method.Parameters.Where(p => p.Scope == ParameterScope.Global)];
        MethodParameter[] own = [.. method.Parameters.Where(p => p.Scope == ParameterScope.Model && definition.Modules.Count == 0)];
        if (own.Length > 0)
        {
            var table = new DataTable("Values per model, in the order of the merge", ["model", .. own.Select(p => $">{p.Name}")]);
            foreach (ModelInput input in definition.Inputs.Where(i => i.Contributes))
                table.Add([input.Name, .. own.Select(p => ParameterText.Of(definition, p, input))]);
            table.Write(page);
        }

        var facts = new DataTable("Values for the merge as a whole", "parameter", "value");
        foreach (MethodParameter parameter in shared)
            facts.Add(parameter.Name, ParameterText.Of(definition, parameter));
        foreach (SparsifierGroup group in definition.Groups.Where(g => g.Parameters is not null))
            facts.Add("sparsified", $"{group.Sparsifier.Describe(group.Parameters!)}: {string.Join(", ", group.Members.Select(m => definition.Inputs[m].Name))}");
        foreach (PostStep step in definition.Post)
            facts.Add("then", ParameterText.Of(step));
        if (definition.Include.Count > 0)
            facts.Add("include", string.Join(", ", definition.Include));
        if (definition.Exclude.Count > 0)
            facts.Add("exclude", string.Join(", ", definition.Exclude));
        if (definition.OutputType is { } type)
            facts.Add("stored as", type.ToString());
        if (definition.Seed != 0)
            facts.Add("seed", $"{definition.Seed}");
        if (facts.Count > 0)
            facts.Write(page);
    }
}
