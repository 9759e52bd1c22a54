using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>Plans a module made of slices: layers of the sources become layers of the result, numbered through. What comes before
/// the layers is merged from the first slice's models, what comes after them from the last one's.</summary>
internal sealed class SlicePlanner(PlanDraft draft, MergeModule module, Func<Checkpoint, ModulePart> partOf)
{
    private int _layers;

    /// <summary>Plans all tensors of the module.</summary>
    public void Plan()
    {
        foreach (MergeSlice slice in module.Slices)
            CheckRanges(slice);
        SliceModels first = draft.ModelsOf(module.Slices[0]), last = draft.ModelsOf(module.Slices[^1]);
        LayerStack stack = StackOf(first.Reference);
        PlanOutside(first, module.Slices[0], p => p.Before.Concat(p.Stack!.FirstOnly.Select(s => p.Stack.Name(0, s))), withHead: false);
        foreach (MergeSlice slice in module.Slices)
            PlanLayers(slice, stack.Prefix);
        PlanOutside(last, module.Slices[^1], p => p.After, withHead: true);
        draft.Layers.Add(new LayerCount(stack.Prefix, _layers));
    }

    private IReadOnlyList<ParameterSet> Levels(MergeSlice slice) =>
        module.Name is null ? [slice.Parameters, draft.Definition.Parameters] : [slice.Parameters, module.Parameters, draft.Definition.Parameters];

    private LayerStack StackOf(SliceModel source) => partOf(source.Model).Stack
        ?? throw new CabsException(CabsError.RecipeInvalid, $"{source.Entry.Origin ?? module.Origin}: {(module.Name is null ? source.Model.Path : $"module {Text.Quote(module.Name)} of {source.Model.Path}")} has no layers to slice; use 'models'", "slices");

    private void CheckRanges(MergeSlice slice)
    {
        foreach (SliceModel source in draft.ModelsOf(slice).All)
        {
            int count = StackOf(source).Count;
            if (source.Entry.Layers is { } range && range.End > count)
                throw new CabsException(CabsError.RecipeInvalid, $"{source.Entry.Origin}: 'layer_range' is {range}, and {source.Model.Path} has {count} layers, 0 to {count - 1}", "layer_range");
        }
    }

    private void PlanOutside(SliceModels from, MergeSlice slice, Func<ModulePart, IEnumerable<string>> names, bool withHead)
    {
        IEnumerable<string> NamesOf(SliceModel model) => names(partOf(model.Model));
        IEnumerable<string> all = NamesOf(from.Reference);
        foreach (string name in (withHead && module.Name is null ? draft.WithHead(all, from) : all).ToList())
            draft.Add(name, from, _ => name, 0, Levels(slice));
        draft.ReportLeftOut(from, NamesOf);
    }

    private void PlanLayers(MergeSlice slice, string prefix)
    {
        SliceModels from = draft.ModelsOf(slice);
        int count = slice.Sources[0].Layers!.Value.Count;
        var target = new LayerStack(prefix, []);
        for (int k = 0; k < count; k++, _layers++)
        {
            int layer = k;
            string NameIn(SliceModel model, string suffix) => StackOf(model).Name(model.Entry.Layers!.Value.Start + layer, suffix);
            IEnumerable<string> Suffixes(SliceModel model) => StackOf(model).Layers[model.Entry.Layers!.Value.Start + layer].Except(StackOf(model).FirstOnly);
            foreach (string suffix in Suffixes(from.Reference))
                draft.Add(target.Name(_layers, suffix), from, model => NameIn(model, suffix), LayerMap.PlaceOf(k, count), Levels(slice));
            ReportLeftOut(from, Suffixes, NameIn);
        }
    }

    private void ReportLeftOut(SliceModels from, Func<SliceModel, IEnumerable<string>> suffixes, Func<SliceModel, string, string> nameIn)
    {
        var known = suffixes(from.Reference).ToHashSet(StringComparer.Ordinal);
        foreach (SliceModel input in from.Inputs)
        {
            foreach (string suffix in suffixes(input).Where(s => !known.Contains(s)))
                draft.LeftOut.Add(new LeftOutTensor(input.Entry.Name, nameIn(input, suffix), $"the layer of {from.Reference.Model.Name} has no such tensor"));
        }
    }
}
