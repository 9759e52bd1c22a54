using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>Plans a merge of whole models, or of a whole module of them: every tensor with those of the same name.</summary>
internal sealed class WholePlanner(PlanDraft draft)
{
    /// <summary>Plans all tensors.</summary>
    /// <param name="slice">The models.</param>
    /// <param name="levels">Parameters, the nearest level first.</param>
    /// <param name="partOf">The module in a model; null for everything.</param>
    public void Plan(MergeSlice slice, IReadOnlyList<ParameterSet> levels, Func<Checkpoint, ModulePart>? partOf)
    {
        SliceModels from = draft.ModelsOf(slice);
        IEnumerable<string> NamesOf(SliceModel model) => partOf is null ? model.Model.Tensors.Select(t => t.Name) : partOf(model.Model).Names;
        var layers = new LayerMap(NamesOf(from.Reference));
        foreach (SliceModel input in from.Inputs)
            CheckDepth(from.Reference, layers, input, new LayerMap(NamesOf(input)));
        foreach (string name in draft.WithHead(NamesOf(from.Reference), from).ToList())
            draft.Add(name, from, _ => name, layers.PlaceOf(name), levels);
        draft.ReportLeftOut(from, NamesOf);
        draft.Layers.AddRange(layers.Stacks.Select(s => new LayerCount(s.Prefix, s.Count)));
    }

    private static void CheckDepth(SliceModel reference, LayerMap layers, SliceModel input, LayerMap other)
    {
        foreach (LayerStack stack in other.Stacks)
        {
            if (layers.Find(stack.Prefix) is { } own && own.Count != stack.Count)
                throw new CabsException(CabsError.RecipeInvalid, $"{(input.Entry.Origin is { } origin ? $"{origin}: " : string.Empty)}{input.Model.Path} has {stack.Count} layers ({stack.Prefix}…) and {reference.Model.Path} has {own.Count}; say under 'slices' which layers belong together", input.Entry.Path);
        }
    }
}
