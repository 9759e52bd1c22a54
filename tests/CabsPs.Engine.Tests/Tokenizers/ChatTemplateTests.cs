using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>Which chat template a result gets, and where it is written.</summary>
public sealed class ChatTemplateTests : IDisposable
{
    private const string Jinja = "{% for m in messages %}{{ m['content'] + \"\\n\" }}{% endfor %}";
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_most_frequent_template_wins_and_the_first_of_equals()
    {
        VocabularyModel[] models = [Model("a", null), Model("b", "{{ first }}"), Model("c", "{{ second }}"), Model("d", "{{ second }}")];
        Assert.Equal("{{ second }}", ChatTemplates.Resolve("auto", models));
        Assert.Equal("{{ first }}", ChatTemplates.Resolve("auto", models[..3]));
        Assert.Null(ChatTemplates.Resolve("auto", models[..1]));
        Assert.Equal("{{ first }}", ChatTemplates.Resolve("auto", [models[1], models[2], models[3] with { IsMerged = false }]));
    }

    [Fact]
    public void Every_built_in_template_writes_both_roles_and_can_ask_for_an_answer()
    {
        Assert.Equal(["alpaca", "chatml", "exaone", "llama3", "mistral"], ChatTemplates.BuiltIn);
        foreach (string name in ChatTemplates.BuiltIn)
        {
            string template = ChatTemplates.Resolve(name, [])!;
            Assert.Contains("message['content']", template, StringComparison.Ordinal);
            Assert.Equal(template.Split("{%").Length, template.Split("%}").Length);
            Assert.True(name == "mistral" || template.Contains("add_generation_prompt", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("mistral", true)]
    [InlineData(Jinja, true)]
    [InlineData("Mistral", false)]
    [InlineData("{{ short }}", false)]
    [InlineData("a long text without anything of a template in it", false)]
    public void A_value_is_a_name_or_a_template(string value, bool valid) => Assert.Equal(valid, ChatTemplates.IsValid(value));

    [Fact]
    public void A_template_goes_where_the_source_keeps_its_own()
    {
        Assert.Equal(Jinja, Save("key", ("tokenizer_config.json", """{"a": 1, "chat_template": "old", "b": 2}"""), out string[] files));
        Assert.Equal(["tokenizer.json", "tokenizer_config.json"], files);
        Assert.StartsWith("""{"a": 1, "chat_template": "{% for m in messages %}{{ m['content'] + \"\\n\" }}""", File.ReadAllText(_folder.Path("key-out", "tokenizer_config.json")), StringComparison.Ordinal);
        Assert.EndsWith(""", "b": 2}""", File.ReadAllText(_folder.Path("key-out", "tokenizer_config.json")), StringComparison.Ordinal);
        Assert.Equal(Jinja, Save("file", ("chat_template.jinja", "old"), out files));
        Assert.Equal(["chat_template.jinja", "tokenizer.json"], files);
        Assert.Equal(Jinja, Save("named", ("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "old"}]}"""), out _));
        Assert.Equal(Jinja, Save("none", ("merges.txt", ""), out files));
        Assert.Equal(["merges.txt", "tokenizer.json", "tokenizer_config.json"], files);
    }

    public void Dispose() => _folder.Dispose();

    private static VocabularyModel Model(string name, string? template) =>
        new(name, name, new Tokenizer(name, TokenizerKind.Bpe, [], [], null) { ChatTemplate = template });

    private string? Save(string name, (string Name, string Text) file, out string[] files)
    {
        VocabularyModel model = SmallTokenizer.Files(_folder, name, ("tokenizer.json", """{"added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"""), file);
        OutputVocabulary vocabulary = VocabularyBuilder.Build(new TokenizerSettings { Source = VocabularySource.Base }, [model], 0);
        Tokenizer written = SmallTokenizer.Save(_folder, name + "-out", vocabulary, [model], template: Jinja);
        files = [.. Directory.GetFiles(_folder.Path(name + "-out")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        return written.ChatTemplate;
    }
}
