using System.Globalization;
using CabsPs.Engine.Tokenizers;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads a recipe's <c>tokenizer</c>, <c>tokenizer_source</c> and <c>chat_template</c>.</summary>
/// <param name="document">The recipe.</param>
/// <param name="modelPath">Finds the model that a node names.</param>
internal sealed class TokenizerReader(RecipeDocument document, Func<YamlNode, string> modelPath)
{
    private static readonly string[] s_keys = ["source", "tokens", "pad_to_multiple_of"];
    private static readonly string[] s_tokenKeys = ["source", "force"];
    private static readonly string[] s_rowKeys = ["kind", "model", "token", "token_id"];
    private static readonly string[] s_true = ["true", "yes", "on", "1"];
    private static readonly string[] s_false = ["false", "no", "off", "0"];

    /// <summary>The settings, or null when a recipe has none.</summary>
    /// <param name="entries">The recipe's top-level entries.</param>
    public TokenizerSettings? Read(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries)
    {
        (YamlNode Key, YamlNode Value)? full = Given(entries, "tokenizer"), brief = Given(entries, "tokenizer_source");
        if (full is not null && brief is { } second)
            throw document.Error(second.Key, "'tokenizer_source' and 'tokenizer' stand together; the first is short for 'tokenizer: {source: …}', so keep one", key: "tokenizer_source");
        if (brief is { } source)
            return WithSource(new TokenizerSettings(), source.Value, "tokenizer_source");
        return full is { } mapping ? Settings(mapping.Value) : null;
    }

    /// <summary>The value of <c>chat_template</c>, or null.</summary>
    /// <param name="entries">The recipe's top-level entries.</param>
    public string? ReadTemplate(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries)
    {
        if (Given(entries, "chat_template") is not { } entry)
            return null;
        string value = document.Scalar(entry.Value, "'chat_template'");
        return ChatTemplates.IsValid(value) ? value : throw document.Error(entry.Value, ChatTemplates.Unknown(value), CabsError.ParameterInvalid, "chat_template");
    }

    private TokenizerSettings Settings(YamlNode node)
    {
        var entries = document.Entries(node, "'tokenizer'");
        Check(entries, s_keys, "'tokenizer'");
        var settings = new TokenizerSettings { At = At(node, "tokenizer") };
        if (Given(entries, "source") is { } source)
            settings = WithSource(settings, source.Value, "source");
        if (Given(entries, "tokens") is { } tokens)
            settings = settings with { Tokens = [.. document.Entries(tokens.Value, "'tokens'").Select(t => Rule(t.Key, t.Value.Key, t.Value.Value))] };
        if (Given(entries, "pad_to_multiple_of") is { } multiple)
            settings = settings with { PadToMultipleOf = Whole(multiple.Value, "pad_to_multiple_of", 1) };
        return settings;
    }

    private TokenizerSettings WithSource(TokenizerSettings settings, YamlNode node, string key)
    {
        settings = settings with { At = At(node, key) };
        return node is YamlScalarNode { Value: "union" } ? settings with { Source = VocabularySource.Union }
            : node is YamlScalarNode { Value: "base" } ? settings with { Source = VocabularySource.Base }
            : settings with { Source = VocabularySource.Model, SourceModel = modelPath(node) };
    }

    private TokenRule Rule(string token, YamlNode key, YamlNode node)
    {
        string what = $"token {Text.Quote(token)}";
        if (token.Length == 0)
            throw document.Error(key, "a token under 'tokens' is empty", key: "tokens");
        var entries = document.Entries(node, what);
        Check(entries, s_tokenKeys, what);
        if (Given(entries, "source") is not { } source)
            throw document.Error(key, $"{what} has no 'source'; give a model, {{kind: model_token, model: …, token: …}} or {{kind: zero}}", key: token);
        bool force = Given(entries, "force") is { } given && Truth(given.Value, "force");
        return new TokenRule(token, Row(source.Value, what), force, At(source.Value, token));
    }

    private TokenRow Row(YamlNode node, string what)
    {
        if (node is not YamlMappingNode)
            return new ModelRow(modelPath(node));
        var entries = document.Entries(node, $"the source of {what}");
        if (Given(entries, "kind") is not { } kind)
        {
            // a model written as a mapping; a row of a model needs its kind
            return entries.ContainsKey("token") || entries.ContainsKey("token_id")
                ? throw document.Error(node, $"the source of {what} has no 'kind'; it is model_token", key: "kind")
                : new ModelRow(modelPath(node));
        }

        Check(entries, s_rowKeys, $"the source of {what}");
        return document.Scalar(kind.Value, "'kind'") switch
        {
            "zero" => new ZeroRow(),
            "model_token" => ModelToken(node, entries, what),
            var other => throw document.Error(kind.Value, $"'kind' is {Text.Quote(other)}; it takes model_token or zero", key: "kind"),
        };
    }

    private ModelRow ModelToken(YamlNode node, IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, string what)
    {
        if (Given(entries, "model") is not { } model)
            throw document.Error(node, $"the source of {what} has no 'model'", key: "model");
        (YamlNode Key, YamlNode Value)? token = Given(entries, "token"), id = Given(entries, "token_id");
        if (token is null == id is null)
            throw document.Error(node, $"the source of {what} takes one of 'token' and 'token_id'", key: "token");
        return new ModelRow(
            modelPath(model.Value),
            token is { } text ? document.Scalar(text.Value, "'token'") : null,
            id is { } number ? Whole(number.Value, "token_id", 0) : null);
    }

    private void Check(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, string[] known, string what)
    {
        foreach ((string name, (YamlNode key, _)) in entries)
        {
            if (!known.Contains(name))
                throw document.Error(key, $"unknown key {Text.Quote(name)} in {what}{Suggestion.Hint(name, known)} (known: {string.Join(", ", known)})", key: name);
        }
    }

    private int Whole(YamlNode node, string key, int least)
    {
        string text = document.Scalar(node, $"'{key}'");
        return double.TryParse(text.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value == Math.Floor(value) && value >= least && value <= int.MaxValue
            ? (int)value
            : throw document.Error(node, $"'{key}' is {Text.Quote(text)}; it takes a whole number of at least {least}", CabsError.ParameterInvalid, key);
    }

    private bool Truth(YamlNode node, string key)
    {
        string text = document.Scalar(node, $"'{key}'").ToLowerInvariant();
        return s_true.Contains(text) ? true : s_false.Contains(text) ? false
            : throw document.Error(node, $"'{key}' is {Text.Quote(text)}; it takes true or false", CabsError.ParameterInvalid, key);
    }

    private ErrorAt At(YamlNode node, string key) => (message, error) => document.Error(node, message, error, key);

    private static (YamlNode Key, YamlNode Value)? Given(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, string key) =>
        entries.TryGetValue(key, out var entry) && !RecipeDocument.IsNull(entry.Value) ? entry : null;
}
