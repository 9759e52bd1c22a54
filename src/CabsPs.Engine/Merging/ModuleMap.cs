using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>A part of a model: layers of its own and what belongs to them, or tensors without layers.</summary>
/// <param name="Name">The last part of what its tensors' names begin with.</param>
/// <param name="Stack">Its layers, or null.</param>
/// <param name="Before">Names of tensors that come before the layers.</param>
/// <param name="After">Names of tensors that come after them.</param>
internal sealed record ModulePart(string Name, LayerStack? Stack, IReadOnlyList<string> Before, IReadOnlyList<string> After)
{
    /// <summary>Names of all its tensors.</summary>
    public IEnumerable<string> Names =>
        Before.Concat(Stack is null ? [] : Stack.Layers.SelectMany((suffixes, layer) => suffixes.Select(s => Stack.Name(layer, s)))).Concat(After);
}

/// <summary>Divides a model into its parts by the names of its tensors: one for most models; encoder and decoder, or text decoder,
/// vision tower and projector for others.</summary>
internal sealed class ModuleMap
{
    private const int FewestInLayer = 4;

    // names that different collections give the same part
    private static readonly string[][] s_aliases =
    [
        ["text_decoder", "language_model", "text_model", "text_encoder", "llm", "text", "model", "decoder"],
        ["vision_tower", "visual", "vision_model", "vision_encoder", "vision", "image_encoder"],
        ["audio_tower", "audio_model", "audio_encoder", "audio"],
        ["multi_modal_projector", "mm_projector", "multimodal_projector", "projector", "connector"],
    ];

    // what stands in front of the layers; everything else comes after them
    private static readonly string[] s_before =
        ["embed", "wte", "wpe", "shared", "patch", "ln_pre", "pre_ln", "pre_layernorm", "pre_layrnorm", "conv1", "conv2", "conv_in", "stem", "position", "token_type", "class_token", "cls_token", "register_token", "project_in", "rotary", "emb."];

    private static readonly string[] s_notBefore = ["embed_out", "unembed"];

    private ModuleMap(Checkpoint model, IReadOnlyList<ModulePart> parts) => (Model, Parts) = (model, parts);

    /// <summary>The model.</summary>
    public Checkpoint Model { get; }

    /// <summary>The parts; those with layers first.</summary>
    public IReadOnlyList<ModulePart> Parts { get; }

    /// <summary>Divides a model.</summary>
    public static ModuleMap Of(Checkpoint model)
    {
        LayerStack[] stacks = MainStacks(new LayerMap(model.Tensors.Select(t => t.Name)));
        var owner = stacks.ToDictionary(s => s.Prefix, s => s, StringComparer.Ordinal);
        string[] outside = [.. model.Tensors.Select(t => t.Name).Where(n => !(LayerMap.Split(n) is (string prefix, _, _) && owner.ContainsKey(prefix)))];
        if (stacks.Length <= 1)
            return new ModuleMap(model, [Part("default", stacks.FirstOrDefault(), outside)]);
        string[] roots = [.. stacks.Select(s => Root(s, stacks))];
        var parts = new List<ModulePart>();
        for (int i = 0; i < stacks.Length; i++)
        {
            string name = Last(roots[i]);
            parts.Add(Part(roots.Count(r => Last(r) == name) > 1 ? roots[i].TrimEnd('.') : name, stacks[i], outside.Where(n => n.StartsWith(roots[i], StringComparison.Ordinal))));
        }

        // a wrapper that all parts share is no part
        string wrapper = roots.All(r => r.StartsWith("model.", StringComparison.Ordinal)) ? "model." : string.Empty;
        foreach (var loose in outside.Where(n => !roots.Any(r => n.StartsWith(r, StringComparison.Ordinal))).GroupBy(n => (n.StartsWith(wrapper, StringComparison.Ordinal) ? n[wrapper.Length..] : n).Split('.')[0]))
            parts.Add(Part(loose.Key, null, loose));
        return new ModuleMap(model, parts);
    }

    /// <summary>The part of a name, under one of its other names too; null when there is none.</summary>
    /// <param name="name">The name; null means the only part.</param>
    public ModulePart? Find(string? name)
    {
        if (Parts.Count == 1)
            return name is null or "default" || Parts[0].Name == name ? Parts[0] : null;
        if (name is null)
            return null;
        string[] group = s_aliases.FirstOrDefault(g => g.Contains(name)) ?? [name];
        return Parts.FirstOrDefault(p => p.Name == name) ?? Parts.FirstOrDefault(p => group.Contains(p.Name));
    }

    /// <summary>The parts to which a stray tensor, such as an output head, may belong, the likeliest first: with the token embedding,
    /// to which it often is tied, else with the text or the decoder.</summary>
    public IEnumerable<ModulePart> Homes =>
        new[] { Parts.FirstOrDefault(p => TiedWeights.FindEmbedding(Model) is { } embedding && p.Names.Contains(embedding.Name)), Find(s_aliases[0][0]) }.OfType<ModulePart>();

    // a classifier of two numbered layers beside a transformer is no part of its own
    private static LayerStack[] MainStacks(LayerMap layers)
    {
        LayerStack[] large = [.. layers.Stacks.Where(s => s.Layers.All(l => l.Count >= FewestInLayer))];
        return large.Length > 0 ? large : [.. layers.Stacks];
    }

    // the shortest beginning that no other stack has
    private static string Root(LayerStack stack, LayerStack[] all)
    {
        for (int dot = stack.Prefix.IndexOf('.'); ; dot = stack.Prefix.IndexOf('.', dot + 1))
        {
            string root = stack.Prefix[..(dot + 1)];
            if (dot == stack.Prefix.Length - 1 || !all.Any(o => o != stack && o.Prefix.StartsWith(root, StringComparison.Ordinal)))
                return root;
        }
    }

    private static string Last(string root) => root.TrimEnd('.').Split('.')[^1];

    private static ModulePart Part(string name, LayerStack? stack, IEnumerable<string> outside)
    {
        ILookup<bool, string> sides = outside.ToLookup(IsBefore);
        return new ModulePart(name, stack, [.. sides[true]], [.. sides[false]]);
    }

    private static bool IsBefore(string name) =>
        s_before.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase)) && !s_notBefore.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
