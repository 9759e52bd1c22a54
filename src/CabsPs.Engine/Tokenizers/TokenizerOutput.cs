using System.Text;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>A file of the result's tokenizer.</summary>
/// <param name="Name">Its name in the result's folder.</param>
/// <param name="Source">The file it is a copy of, or null.</param>
/// <param name="Content">Its text, where it is not a copy.</param>
public sealed record TokenizerFile(string Name, string? Source, byte[]? Content)
{
    /// <summary>Its size.</summary>
    public long ByteLength => Content?.Length ?? InputFile.Look(Source!).Length;

    /// <summary>Writes it.</summary>
    /// <param name="path">The full path that it gets.</param>
    internal void WriteTo(string path)
    {
        if (Content is null)
            InputFile.Copy(Source!, path);
        else
            File.WriteAllBytes(path, Content);
    }
}

/// <summary>Makes the result's tokenizer files: the source's, changed only where new tokens or another chat template must go in.</summary>
public sealed class TokenizerOutput
{
    private readonly Tokenizer _source;
    private readonly OutputVocabulary? _vocabulary;
    private readonly IReadOnlyDictionary<string, double> _scores;
    private readonly string? _template;
    private readonly ICollection<string> _warnings;

    private TokenizerOutput(Tokenizer source, OutputVocabulary? vocabulary, IReadOnlyDictionary<string, double> scores, string? template, ICollection<string> warnings)
    {
        _source = source;
        _vocabulary = vocabulary;
        _scores = scores;
        _template = template;
        _warnings = warnings;
    }

    private bool HasNewTokens => _vocabulary is { NewTokens.Count: > 0 };

    private bool HasNewAdded => _vocabulary is { NewAdded.Count: > 0 };

    /// <summary>Whether a file of a model folder belongs to its tokenizer.</summary>
    public static bool IsTokenizerFile(string name) => TokenizerFileNames.Is(name);

    /// <summary>Makes the files.</summary>
    /// <param name="source">The tokenizer whose files they are.</param>
    /// <param name="vocabulary">The result's vocabulary; null leaves the source's.</param>
    /// <param name="models">The models merged, which give scores to new tokens of a unigram model.</param>
    /// <param name="template">Another chat template, or null.</param>
    /// <param name="warnings">Receives what is lost.</param>
    /// <exception cref="CabsException">The files cannot hold what must go in.</exception>
    public static IReadOnlyList<TokenizerFile> Create(Tokenizer source, OutputVocabulary? vocabulary, IReadOnlyList<VocabularyModel> models, string? template, ICollection<string> warnings)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string token in vocabulary?.NewTokens ?? [])
        {
            if (models.Select(m => m.Tokenizer?.Scores).FirstOrDefault(s => s?.ContainsKey(token) == true) is { } known)
                scores.Add(token, known[token]);
        }

        return new TokenizerOutput(source, vocabulary, scores, template, warnings).Create();
    }

    private IReadOnlyList<TokenizerFile> Create()
    {
        var files = new SortedDictionary<string, TokenizerFile>(StringComparer.Ordinal);
        foreach (string path in TokenizerFileNames.List(_source.Folder))
        {
            string name = Path.GetFileName(path);
            if (TokenizerFileNames.Is(name) && Change(name, path) is { } file)
                files.Add(name, file);
        }

        bool isOld = !files.ContainsKey(TokenizerFileNames.Json);
        if (isOld && HasNewTokens && !files.ContainsKey(TokenizerFileNames.VocabJson) && !files.ContainsKey(TokenizerFileNames.VocabText))
            throw new CabsException(CabsError.VocabularyInvalid, $"{_source.Folder}: has no tokenizer.json, and its sentencepiece model cannot take the {_vocabulary!.NewTokens.Count} new tokens; save the tokenizer with tokenizer.json first, or use 'tokenizer: {{source: base}}'", _source.Folder);
        if (isOld && HasNewAdded && !files.ContainsKey(TokenizerFileNames.AddedTokens))
            files.Add(TokenizerFileNames.AddedTokens, Changed(TokenizerFileNames.AddedTokens, AddedTokens("{}"u8.ToArray())));
        if (_template is not null && !HoldsTemplate(files))
        {
            byte[] config = files.TryGetValue(TokenizerFileNames.Config, out TokenizerFile? old) ? old.Content ?? TokenizerReading.ReadFile(old.Source!) : "{\n}\n"u8.ToArray();
            files[TokenizerFileNames.Config] = Changed(TokenizerFileNames.Config, WithTemplate(config));
        }

        return [.. files.Values];
    }

    private TokenizerFile? Change(string name, string path)
    {
        try
        {
            return name switch
            {
                TokenizerFileNames.Json when HasNewTokens || HasNewAdded => Changed(name, TokenizerJsonWriting.Write(TokenizerReading.ReadFile(path), _source, _vocabulary!, _scores)),
                TokenizerFileNames.VocabJson when HasNewTokens => Changed(name, VocabJson(TokenizerReading.ReadFile(path))),
                TokenizerFileNames.VocabText when HasNewTokens => Changed(name, VocabText(Encoding.UTF8.GetString(TokenizerJsonReading.WithoutMark(TokenizerReading.ReadFile(path))))),
                TokenizerFileNames.AddedTokens when HasNewAdded => Changed(name, AddedTokens(TokenizerReading.ReadFile(path))),
                TokenizerFileNames.Config => Config(name, path),
                TokenizerFileNames.ChatTemplate when _template is not null => Changed(name, Encoding.UTF8.GetBytes(_template)),
                TokenizerFileNames.ProcessorTemplate when _template is not null => Changed(name, WithTemplate(TokenizerReading.ReadFile(path))),
                _ when HasNewTokens && (TokenizerFileNames.SentencePiece.Contains(name) || name == "tekken.json" || name.EndsWith(".tiktoken", StringComparison.Ordinal)) => Lost(name, path),
                _ => new TokenizerFile(name, path, null),
            };
        }
        catch (JsonException e)
        {
            throw new CabsException(CabsError.TokenizerInvalid, $"{path}: cannot be changed: {e.Message}", path, e);
        }
    }

    private TokenizerFile? Lost(string name, string path)
    {
        _warnings.Add($"{name} is left out: {path} cannot take the {_vocabulary!.NewTokens.Count} new tokens");
        return null;
    }

    private TokenizerFile Config(string name, string path)
    {
        byte[] old = TokenizerReading.ReadFile(path);
        var text = new JsonText(old);
        bool changes = false;
        if (HasNewAdded && text.Find("added_tokens_decoder") is { Kind: JsonTokenType.StartObject } decoder)
        {
            text.Append(decoder, _vocabulary!.NewAdded.Select(t => (Func<JsonIndent, string>)(indent => $"{JsonText.Quote(_vocabulary.Ids[t.Content].ToString(System.Globalization.CultureInfo.InvariantCulture))}: {TokenizerJsonWriting.Describe(t, null, indent)}")), 2);
            changes = true;
        }

        if (_template is not null && text.Find("chat_template") is { } template)
        {
            text.Replace(template, JsonText.Quote(_template));
            changes = true;
        }

        return changes ? Changed(name, text.ToArray()) : new TokenizerFile(name, path, null);
    }

    private bool HoldsTemplate(IReadOnlyDictionary<string, TokenizerFile> files) =>
        files.ContainsKey(TokenizerFileNames.ChatTemplate)
        || (files.TryGetValue(TokenizerFileNames.Config, out TokenizerFile? config) && config.Content is { } text && new JsonText(text).Find("chat_template") is not null);

    private byte[] WithTemplate(byte[] config)
    {
        var text = new JsonText(config);
        text.Set("chat_template", JsonText.Quote(_template!));
        return text.ToArray();
    }

    private byte[] AddedTokens(byte[] old)
    {
        var text = new JsonText(old);
        JsonPlace root = text.Find() is { Kind: JsonTokenType.StartObject } found ? found : throw new JsonException("it is not an object");
        text.Append(root, _vocabulary!.NewAdded.Select(t => Entry(t.Content)), 1);
        return text.ToArray();
    }

    private byte[] VocabJson(byte[] old)
    {
        var text = new JsonText(old);
        JsonPlace root = text.Find() is { Kind: JsonTokenType.StartObject } found ? found : throw new JsonException("it is not an object");
        text.Append(root, _vocabulary!.NewTokens.Select(Entry), 1);
        return text.ToArray();
    }

    // a token's number is its line
    private byte[] VocabText(string old)
    {
        int count = old.Count(c => c == '\n') + (old.EndsWith('\n') ? 0 : 1);
        var text = new StringBuilder(old);
        if (!old.EndsWith('\n'))
            text.Append('\n');
        foreach (string? token in TokenizerJsonWriting.From(_vocabulary!, count))
            text.Append(token).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private Func<JsonIndent, string> Entry(string token) => _ => $"{JsonText.Quote(token)}: {_vocabulary!.Ids[token]}";

    private static TokenizerFile Changed(string name, byte[] content) => new(name, null, content);
}
