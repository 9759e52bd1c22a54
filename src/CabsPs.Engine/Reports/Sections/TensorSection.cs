using CabsPs.Engine.Merging;
using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>What happened to which tensors.</summary>
internal sealed class TensorSection : Section
{
    private const int MostRows = 40;
    private const int FewestLayers = 4;
    private const int MostLayers = 160;
    private const int MostListed = 2000;

    public override string Id => "tensors";

    public override string Title => "What happened to which tensors";

    public override bool AppliesTo(ReportContent content) => content.Merges.Count > 0;

    public override void Write(Markup page, ReportContent content)
    {
        foreach (ReportMerge merge in content.Merges)
        {
            Heading(page, merge.Name, content.Merges.Count);
            int merged = merge.Tensors.Count(t => t.Action == TensorAction.Merge), copied = merge.Tensors.Count - merged;
            page.Element("p", $"{Figures.Of(merged, "tensor")} merged, {copied} copied, {merge.LeftOut.Count} left out; {Figures.Whole(merge.Tensors.Sum(t => t.Count))} parameters.");
            WriteMap(page, merge);
            WriteLeftOut(page, merge);
            WriteList(page, merge);
        }
    }

    private static string Words(TensorAction action) => action switch
    {
        TensorAction.Merge => "merged",
        TensorAction.Copy => "copied",
        _ => "copied, equal in all",
    };

    // kinds of tensors by layers, of the stack with the most tensors
    private static void WriteMap(Markup page, ReportMerge merge)
    {
        var parts = merge.Tensors.Select(t => (Tensor: t, Split: LayerMap.Split(t.Name))).Where(t => t.Split is not null).GroupBy(t => t.Split!.Value.Prefix, StringComparer.Ordinal).OrderByDescending(g => g.Count()).FirstOrDefault();
        if (parts is null)
            return;
        string[] kinds = [.. parts.Select(t => t.Split!.Value.Suffix).Distinct(StringComparer.Ordinal)];
        int layers = parts.Max(t => t.Split!.Value.Layer) + 1;
        if (layers < FewestLayers || layers > MostLayers || kinds.Length > MostRows)
            return;
        var cells = kinds.ToDictionary(k => k, _ => new (int, string)?[layers], StringComparer.Ordinal);
        foreach ((ReportTensor tensor, var split) in parts)
            cells[split!.Value.Suffix][split.Value.Layer] = ((int)tensor.Action, $"{Markup.Short(tensor.Name, 80)}\n{Words(tensor.Action)}, {tensor.Type} {Shape(tensor)}");
        var data = new DataTable("Tensors per kind", ["kind", .. Enum.GetValues<TensorAction>().Select(a => $">{Words(a)}")]);
        foreach (string kind in kinds)
            data.Add([kind.TrimStart('.'), .. Enum.GetValues<TensorAction>().Select(a => $"{cells[kind].Count(c => c is (int action, _) && action == (int)a)}")]);
        new TensorMap
        {
            Title = $"Layers {Markup.Short(parts.Key, 60)}*",
            Description = "One row per kind of tensor, one column per layer; the shade says what was done.",
            Data = data,
            Rows = LayerStack.KindLabels(kinds),
            Layers = layers,
            Cells = [.. kinds.Select(k => cells[k])],
            Actions = [.. Enum.GetValues<TensorAction>().Select(Words)],
        }.Write(page);
    }

    private static void WriteList(Markup page, ReportMerge merge)
    {
        var folded = new DataTable("Tensors, equal layers on one line", "tensor", "what was done", "stored as", "shape", ">tensors");
        foreach ((string name, string[] facts, int count) in TensorFolding.Fold(merge.Tensors.Select(t => (t.Name, new[] { Words(t.Action), Types(t), Shape(t) }))).Take(MostListed))
            folded.Add([name, .. facts, $"{count}"]);
        folded.WriteFolded(page, $"All {Figures.Of(merge.Tensors.Count, "tensor")}, equal layers on one line");
    }

    private static void WriteLeftOut(Markup page, ReportMerge merge)
    {
        if (merge.LeftOut.Count == 0)
            return;
        var table = new DataTable("Left out", "model", "tensor", "why");
        foreach (LeftOutTensor tensor in merge.LeftOut.Take(MostListed))
            table.Add(tensor.Model, tensor.Tensor, tensor.Reason);
        if (merge.LeftOut.Count <= 12)
            table.Write(page);
        else
            table.WriteFolded(page, $"{merge.LeftOut.Count} tensors left out{(merge.LeftOut.Count > MostListed ? $", the first {MostListed} of them" : string.Empty)}");
    }

    private static string Shape(ReportTensor tensor) => $"[{string.Join(", ", tensor.Shape)}]";

    private static string Types(ReportTensor tensor) => tensor.From.Length == 0 || tensor.From == tensor.Type ? tensor.Type : $"{tensor.Type}, from {tensor.From}";
}
