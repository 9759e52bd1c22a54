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
        string wrapper = Wrapper(stacks);
        // a part's stack is its largest; Qwen3-VL's vision tower also numbers its mergers
        var roots = stacks.GroupBy(s => Root(s, wrapper)).ToDictionary(g => g.Key, g => g.MaxBy(s => s.Layers.Sum(l => l.Count))!, StringComparer.Ordinal);
        if (roots.Count <= 1)
        {
            LayerStack? only = roots.Values.FirstOrDefault();
            return new ModuleMap(model, [Part("default", only, model.Tensors.Select(t => t.Name))]);
        }

        HashSet<int> lengths = [.. roots.Keys.Select(r => r.Length)];
        var names = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (string name in model.Tensors.Select(t => t.Name))
        {
            string root = LongestRoot(name, roots, lengths)
                ?? (name.StartsWith(wrapper, StringComparison.Ordinal) ? name[wrapper.Length..] : name).Split('.')[0];
            if (!names.TryGetValue(root, out List<string>? own))
                names.Add(root, own = []);
            own.Add(name);
        }

        return new ModuleMap(model, [.. names.OrderBy(n => !roots.ContainsKey(n.Key)).Select(n => Part(Last(n.Key), roots.GetValueOrDefault(n.Key), n.Value))]);
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

    // what all stacks' names begin with, up to a dot: 'model.' of model.language_model.layers. and model.visual.blocks.
    private static string Wrapper(LayerStack[] stacks)
    {
        if (stacks.Length == 0)
            return string.Empty;
        string first = stacks[0].Prefix;
        int length = stacks.Min(s => s.Prefix.AsSpan().CommonPrefixLength(first));
        return first[..(first.AsSpan(0, Math.Min(length, first.Length - 1)).LastIndexOf('.') + 1)];
    }

    private static string Root(LayerStack stack, string wrapper)
    {
        string rest = stack.Prefix[wrapper.Length..];
        int dot = rest.IndexOf('.');
        return dot < rest.Length - 1 || wrapper.Length == 0 ? wrapper + rest[..(dot + 1)] : wrapper;
    }

    // the longest beginning that fits; a stack right under the wrapper has the wrapper itself as its root
    private static string? LongestRoot(string name, Dictionary<string, LayerStack> roots, HashSet<int> lengths)
    {
        for (int end = name.Length; end >= 0; end--)
        {
            if (lengths.Contains(end) && roots.ContainsKey(name[..end]))
                return name[..end];
        }

        return null;
    }

    private static string Last(string root) => root.TrimEnd('.').Split('.')[^1];

    private static ModulePart Part(string name, LayerStack? stack, IEnumerable<string> names)
    {
        ILookup<bool, string> sides = names.Where(n => stack is null || LayerMap.Split(n)?.Prefix != stack.Prefix).ToLookup(IsBefore);
        return new ModulePart(name, stack, [.. sides[true]], [.. sides[false]]);
    }

    private static bool IsBefore(string name) =>
        s_before.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase)) && !s_notBefore.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
