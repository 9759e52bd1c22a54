using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CabsPs.Engine.Checkpoints;

/// <summary>A number of layers that changes.</summary>
/// <param name="Prefix">What the names of the layers' tensors begin with.</param>
/// <param name="From">Layers that the config's model has.</param>
/// <param name="To">Layers that the result has.</param>
public readonly record struct LayerChange(string Prefix, int From, int To);

/// <summary>Changes a config.json where a result needs it and nowhere else: element type, numbers of layers, size of the vocabulary.
/// The keys are found by name and value, at the top and in the configs of a model's parts (<c>text_config</c>, <c>vision_config</c> …).</summary>
/// <param name="config">The config.</param>
/// <param name="warnings">Receives what must be changed by hand.</param>
internal sealed class ConfigEditor(ModelConfig config, List<string> warnings)
{
    private static readonly string[] s_typeKeys = ["dtype", "torch_dtype"];
    private static readonly string[] s_layerKeys = ["num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_encoder_layers", "encoder_layers", "num_decoder_layers", "decoder_layers", "depth"];
    private static readonly string[] s_vision = ["vision", "visual", "image", "vit"];
    private static readonly string[] s_audio = ["audio", "speech"];
    private readonly Dictionary<int, (ConfigValue Value, string Text)> _edits = [];

    /// <summary>Whether a result may change values of this key, or look at them to know what to change.</summary>
    public static bool MayChange(string key) => key is "vocab_size" or "is_encoder_decoder" || s_typeKeys.Contains(key) || s_layerKeys.Contains(key);

    /// <summary>The changed text.</summary>
    /// <param name="type">The element type; null leaves it.</param>
    /// <param name="layers">Numbers of layers that change.</param>
    /// <param name="vocabularySize">Rows of the embeddings; null leaves them.</param>
    public byte[] Edit(DType? type, IReadOnlyList<LayerChange> layers, long? vocabularySize)
    {
        string? added = null;
        if (type is { } known)
        {
            ConfigValue[] types = [.. config.Values.Where(v => s_typeKeys.Contains(v.Key) && Belongs(v) && (v.Kind == JsonTokenType.String || (v.IsTop && v.Kind == JsonTokenType.Null)))];
            Replace(types, $"\"{known.TorchName()}\"");
            if (!types.Any(t => t.IsTop))
                added = $"\"torch_dtype\": \"{known.TorchName()}\"";
        }

        foreach (LayerChange change in layers)
            SetLayers(change);
        if (vocabularySize is { } rows)
            SetVocabulary(rows);
        return config.With([.. _edits.Values.Select(e => (e.Value.Start, e.Value.End, e.Text))], added);
    }

    private void SetLayers(LayerChange change)
    {
        string[] kinds = KindsOf(change.Prefix);
        ConfigValue[] fitting = [.. config.Values.Where(v => s_layerKeys.Contains(v.Key) && Belongs(v) && Number(v) == change.From)];
        // a part's own config wins over the top
        ConfigValue[] inPart = [.. fitting.Where(v => !v.IsTop && KindsOf(v.Section).SequenceEqual(kinds))];
        ConfigValue[] candidates = inPart.Length > 0 ? inPart : [.. fitting.Where(v => v.IsTop)];
        ConfigValue[] own = [.. candidates.Where(v => CountsFor(v.Key, change.Prefix))];
        if (own.Length == 0)
            warnings.Add($"config.json has no entry of {change.From} layers for {change.Prefix}…; the result has {change.To}, so set it by hand");
        Replace(own, change.To.ToString(CultureInfo.InvariantCulture));
        string[] lists = [.. config.Lists.Where(l => l.Length == change.From && l.Length > 1).Select(l => l.Key)];
        if (lists.Length > 0)
            warnings.Add($"config.json lists something for each of {change.From} layers ({string.Join(", ", lists)}); the result has {change.To}, so change it by hand");
    }

    // encoder and decoder have keys of their own where a model has both; OPT's only stack is called decoder, BERT's encoder
    private bool CountsFor(string key, string prefix)
    {
        bool ofDecoder = Has(key, "decoder"), ofEncoder = Has(key, "encoder");
        bool hasBoth = config.Values.Any(v => (v.Key == "is_encoder_decoder" && v.Kind == JsonTokenType.True) || (s_layerKeys.Contains(v.Key) && Has(v.Key, "decoder")));
        return Has(prefix, "decoder") ? ofDecoder || (!ofEncoder && !hasBoth) : !ofDecoder && (!ofEncoder || Has(prefix, "encoder"));
    }

    private void SetVocabulary(long rows)
    {
        ConfigValue[] sizes = [.. config.Values.Where(v => v.Key == "vocab_size" && Belongs(v) && KindsOf(v.Section).Length == 0 && Number(v) is not null)];
        if (sizes.Length == 0)
            warnings.Add($"config.json has no vocab_size; the result's embeddings have {rows} rows, so set it by hand");
        Replace([.. sizes.Where(v => Number(v) != rows)], rows.ToString(CultureInfo.InvariantCulture));
    }

    private void Replace(IEnumerable<ConfigValue> values, string text)
    {
        foreach (ConfigValue value in values)
            _edits.TryAdd(value.Start, (value, text));
    }

    private int? Number(ConfigValue value) =>
        value.Kind == JsonTokenType.Number && int.TryParse(Encoding.UTF8.GetString(config.Text.AsSpan(value.Start, value.End - value.Start)), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    // quantization_config and the like have types of their own that a merge does not change
    private static bool Belongs(ConfigValue value) =>
        value.Path.SkipLast(1).All(p => p.EndsWith("_config", StringComparison.Ordinal) && p != "quantization_config");

    private static string[] KindsOf(string name) =>
        s_vision.Any(v => Has(name, v)) ? ["vision"] : s_audio.Any(a => Has(name, a)) ? ["audio"] : [];

    private static bool Has(string name, string part) => name.Contains(part, StringComparison.OrdinalIgnoreCase);
}
