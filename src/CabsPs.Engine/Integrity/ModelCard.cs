using System.Globalization;
using System.Text;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>A result's README.md as model hubs show it: the models it was merged from in its head, then method, models and recipe.</summary>
internal static class ModelCard
{
    /// <summary>The file's name.</summary>
    public const string FileName = "README.md";

    /// <summary>Writes the card of a merge. It depends on the plan alone.</summary>
    public static byte[] Write(MergePlan plan)
    {
        MergeDefinition definition = plan.Definition;
        string[] paths = [.. definition.MergedPaths];
        IReadOnlyList<string> names = ModelPaths.Names(paths);
        string NameOf(string path) => names[Array.IndexOf(paths, path)];
        ModelInput[] merged = [.. definition.Inputs.Where(i => i.Contributes)];
        var text = new StringBuilder("---\nbase_model:\n");
        foreach (string name in names)
            text.Append(CultureInfo.InvariantCulture, $"- \"{JsonEncodedText.Encode(name)}\"\n");
        if (plan.ConfigText is not null)
            text.Append("library_name: transformers\n");
        text.Append("tags:\n- merge\n- cabs\n---\n");
        text.Append(CultureInfo.InvariantCulture, $"# Merge of {string.Join(", ", merged.Select(i => Plain(NameOf(i.Path))))}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Made with Cabs {PlanIdentity.Version} by the method `{definition.Method.Name}`: {definition.Method.Summary}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"    {definition.Method.Formula}\n\nSource of the method: {definition.Method.Source}\n\n## Models\n");
        if (plan.Base is not null && definition.BasePath is { } own)
            text.Append(CultureInfo.InvariantCulture, $"- {Plain(NameOf(own))} (base)\n");
        foreach (ModelInput input in merged.Where(i => i.Path != definition.BasePath))
            text.Append(CultureInfo.InvariantCulture, $"- {Plain(NameOf(input.Path))}\n");
        if (plan.Options.RecipeText is { } recipe)
        {
            string fence = new('`', Math.Max(3, LongestRun(recipe) + 1));
            text.Append(CultureInfo.InvariantCulture, $"\n## Recipe\n{fence}yaml\n{recipe.TrimEnd()}\n{fence}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\n`{MergeManifest.FileName}` holds the hash of every tensor read and written; `cabs verify` checks this folder against it.\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // a name that says something in Markdown or HTML says nothing here
    private static string Plain(string name) => $"`{name.Replace('`', '\'').ReplaceLineEndings(" ")}`";

    private static int LongestRun(string text)
    {
        int longest = 0, run = 0;
        foreach (char c in text)
            longest = Math.Max(longest, run = c == '`' ? run + 1 : 0);
        return longest;
    }
}
