using CabsPs.Engine.Recipes;
using CabsPs.Engine.Tokenizers;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>The recipe's keys about tokenizers.</summary>
public sealed class TokenizerReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void All_forms_are_read()
    {
        Assert.Null(Read("merge_method: linear"));
        Assert.Equal(VocabularySource.Union, Read("tokenizer_source: union")!.Source);
        Assert.Equal(VocabularySource.Union, Read("tokenizer: {pad_to_multiple_of: 8}")!.Source);
        Assert.Equal((VocabularySource.Model, "m"), (Read("tokenizer_source: m")!.Source, Read("tokenizer_source: m")!.SourceModel));
        TokenizerSettings settings = Read("""
            tokenizer:
              source: base
              pad_to_multiple_of: 64
              tokens:
                a: {source: m, force: yes}
                "<|b|>":
                  source: {kind: model_token, model: {model: {path: n}}, token_id: 7}
                c: {source: {kind: zero}}
                "1": {source: {kind: model_token, model: m, token: " x"}, force: false}
                d: {source: {model: {path: n}}}
            """)!;
        Assert.Equal((VocabularySource.Base, 64), (settings.Source, settings.PadToMultipleOf));
        Assert.Equal(["a", "<|b|>", "c", "1", "d"], settings.Tokens.Select(t => t.Token));
        Assert.Equal([true, false, false, false, false], settings.Tokens.Select(t => t.Force));
        Assert.Equal([new ModelRow("m"), new ModelRow("n", Id: 7), new ZeroRow(), new ModelRow("m", " x"), new ModelRow("n")], settings.Tokens.Select(t => t.Source));
        Assert.Contains("line 5: told", settings.Tokens[0].At("told").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer: {sauce: base}", "line 1: unknown key 'sauce' in 'tokenizer'; did you mean 'source'?")]
    [InlineData("tokenizer: {tokens: {x: {}}}", "token 'x' has no 'source'")]
    [InlineData("tokenizer: {tokens: {x: {source: m, forced: true}}}", "unknown key 'forced' in token 'x'; did you mean 'force'?")]
    [InlineData("tokenizer: {tokens: {x: {source: m, force: maybe}}}", "'force' is 'maybe'; it takes true or false")]
    [InlineData("tokenizer: {tokens: {x: {source: {kind: one}}}}", "'kind' is 'one'; it takes model_token or zero")]
    [InlineData("tokenizer: {tokens: {x: {source: {kind: model_token, model: m}}}}", "takes one of 'token' and 'token_id'")]
    [InlineData("tokenizer: {tokens: {x: {source: {kind: model_token, model: m, token: a, token_id: 1}}}}", "takes one of 'token' and 'token_id'")]
    [InlineData("tokenizer: {tokens: {x: {source: {kind: model_token, token: a}}}}", "has no 'model'")]
    [InlineData("tokenizer: {tokens: {x: {source: {model: m, token: a}}}}", "has no 'kind'; it is model_token")]
    [InlineData("tokenizer: {tokens: {x: {source: {kind: model_token, model: m, token_id: -1}}}}", "'token_id' is '-1'; it takes a whole number of at least 0")]
    [InlineData("tokenizer: {pad_to_multiple_of: 0}", "'pad_to_multiple_of' is '0'; it takes a whole number of at least 1")]
    [InlineData("tokenizer: {pad_to_multiple_of: 1.5}", "'pad_to_multiple_of' is '1.5'")]
    [InlineData("tokenizer: [a]", "'tokenizer' must be a mapping")]
    [InlineData("chat_template: lama3", "'chat_template' is 'lama3'; did you mean 'llama3'?")]
    public void What_is_wrong_is_named(string text, string message) =>
        Assert.Contains(message, Assert.Throws<CabsException>(() => Read(text)).Message, StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private TokenizerSettings? Read(string text)
    {
        File.WriteAllText(_folder.Path("recipe.yml"), text + "\n");
        RecipeDocument document = RecipeDocument.Read(_folder.Path("recipe.yml"));
        var reader = new TokenizerReader(document, node => PathOf(document, node));
        var entries = document.Entries(document.Root, "a recipe");
        reader.ReadTemplate(entries);
        return reader.Read(entries);
    }

    private static string PathOf(RecipeDocument document, YamlNode node) =>
        node is YamlMappingNode ? PathOf(document, document.Entries(node, "a model").Values.First().Value) : document.Scalar(node, "a model");
}
