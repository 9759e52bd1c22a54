using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Fuzzing;

/// <summary>A hostile input made by hand: what it changes in a folder of right models, and what must come of it.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Error">The error it is refused with; null when it is merged.</param>
/// <param name="Says">What the message says.</param>
/// <param name="Make">Changes the model <c>a</c> or <c>recipe.yml</c>.</param>
public sealed record HostileInput(string Name, CabsError? Error, string Says, Action<string> Make)
{
    /// <summary>Whether its files are large, so that it takes a moment to write them.</summary>
    public bool IsLarge { get; init; }

    /// <summary>Whether it needs links or pipes, which Windows gives to few.</summary>
    public bool NeedsUnix { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Hostile inputs, by hand.</summary>
public static class Corpus
{
    private const string Weights = "a/model.safetensors", Index = "a/model.safetensors.index.json", Tokenizer = "a/tokenizer.json", Yaml = "recipe.yml";

    /// <summary>The recipe that the inputs are tried with.</summary>
    public const string Recipe = "merge_method: linear\nmodels:\n  - model: base\n    parameters: {weight: 0.5}\n  - model: a\n    parameters: {weight: 0.5}\n";

    /// <summary>All inputs.</summary>
    public static IReadOnlyList<HostileInput> All { get; } =
    [
        .. Headers(), .. Layouts(), .. Indexes(), .. Files(), .. Recipes(), .. Texts(),
    ];

    /// <summary>Writes an input and what is right around it.</summary>
    /// <param name="input">The input.</param>
    /// <param name="folder">An empty folder.</param>
    public static void Write(HostileInput input, string folder)
    {
        Seeds.WriteModel(Path.Combine(folder, "base"), 0);
        Seeds.WriteModel(Path.Combine(folder, "a"), 1);
        File.WriteAllText(Path.Combine(folder, Yaml), Recipe);
        input.Make(folder);
    }

    private static HostileInput[] Headers() =>
    [
        Header("header length of 8 exabytes", CabsError.CheckpointInvalid, "its header claims 9223372036854775808 bytes", "{}", 1UL << 63),
        Header("header length past the end", CabsError.FileTruncated, "the header claims 1000000 bytes but the file has only", "{}", 1_000_000),
        Header("header length that cuts the header", CabsError.CheckpointInvalid, "not valid JSON at byte 9", "{}", 1),
        Header("brackets", CabsError.CheckpointInvalid, "its header is not a JSON object", new string('[', 100_000)),
        Header("deep JSON in an unknown entry", CabsError.CheckpointInvalid, "not valid JSON at byte", "{\"w\":{\"x\":" + new string('[', 100_000)),
        Header("a name twice", CabsError.CheckpointInvalid, "tensor 'w' stands twice", $"{{\"w\":{Entry("0", 0, 0)},\"w\":{Entry("0", 0, 0)}}}"),
        Header("a name twice by an escape", CabsError.CheckpointInvalid, "tensor 'w' stands twice", $"{{\"w\":{Entry("0", 0, 0)},\"\\u0077\":{Entry("0", 0, 0)}}}"),
        Header("product of dimensions overflows", CabsError.CheckpointInvalid, "too large to exist", $"{{\"w\":{Entry("4294967296,4294967296,0", 0, 0)}}}"),
        Header("product with the type overflows", CabsError.CheckpointInvalid, "too large to exist", "{\"w\":{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}}"),
        Header("negative dimension", CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else", $"{{\"w\":{Entry("-1", 0, 0)}}}"),
        Header("dimension with an exponent", CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else", $"{{\"w\":{Entry("1e2", 0, 0)}}}"),
        Header("dimension out of range", CabsError.CheckpointInvalid, "shape of tensor 'w' holds something else", $"{{\"w\":{Entry("99999999999999999999", 0, 0)}}}"),
        Header("a hundred thousand dimensions", CabsError.CheckpointInvalid, "has more than 64 numbers", $"{{\"w\":{Entry(string.Join(',', Enumerable.Repeat("1", 100_000)), 0, 1)}}}"),
        Header("unknown type", CabsError.CheckpointInvalid, "unknown element type 'F31'", "{\"w\":{\"dtype\":\"F31\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
        Header("type of half a byte", CabsError.CheckpointInvalid, "types of less than a byte", "{\"w\":{\"dtype\":\"F4\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
        Header("name of a megabyte", CabsError.CheckpointInvalid, "has a name of 1000000 characters", $"{{\"{new string('x', 1_000_000)}\":{Entry("0", 0, 0)}}}"),
        Header("a byte order mark", CabsError.CheckpointInvalid, "not valid JSON at byte 8", "\uFEFF{}"),
        new("text that is not UTF-8", CabsError.CheckpointInvalid, "text that is not UTF-8", f =>
        {
            byte[] file = Seeds.File("{\"__metadata__\":{\"a\":\"?\"}}", []);
            file[Array.IndexOf(file, (byte)'?')] = 0xFF;
            File.WriteAllBytes(Path.Combine(f, Weights), file);
        }),
        new("no tensor", CabsError.TensorMissing, "lacks tensor 'd'", f => File.WriteAllBytes(Path.Combine(f, Weights), Seeds.File("{}", []))),
        new("header of 100 MB of spaces", CabsError.TensorMissing, "lacks tensor 'd'", f => WriteLarge(f, "{}", (writer, left) => writer.Write(new string(' ', (int)Math.Min(left, 1 << 16))))) { IsLarge = true },
        new("header of 100 MB of tensors", CabsError.CheckpointInvalid, "more than 250000 tensors", f => WriteNames(f, 1_500_000)) { IsLarge = true },
        new("header of one text of 100 MB", CabsError.CheckpointInvalid, "a single text in it has more than", f => WriteLarge(f, "{\"__metadata__\":{\"a\":\"", (writer, left) => writer.Write(new string('x', (int)Math.Min(left, 1 << 16))))) { IsLarge = true },
        new("metadata of 5 MB", null, string.Empty, f => File.WriteAllBytes(Path.Combine(f, Weights), Seeds.File(Seeds.Header(Seeds.Tensors).Replace("\"pt\"", $"\"{new string('x', 5_000_000)}\"", StringComparison.Ordinal), Seeds.Data(Seeds.Tensors, 1)))),
        new("100,000 tensors", null, string.Empty, f => WriteMany(f, i => $"model.layers.{i / 1000}.mlp.experts.{i % 1000}.w")) { IsLarge = true },
        new("100,000 tensors, in slices", null, string.Empty, f =>
        {
            WriteMany(f, i => $"model.layers.{i / 1000}.mlp.experts.{i % 1000}.w");
            File.WriteAllText(Path.Combine(f, Yaml), "merge_method: passthrough\nslices:\n  - sources: [{model: base, layer_range: [0, 50]}]\n  - sources: [{model: a, layer_range: [50, 100]}]\n");
        }) { IsLarge = true },
        new("40,000 tensors in stacks of their own", CabsError.RecipeInvalid, "consists of several parts", f =>
        {
            WriteMany(f, i => $"part{i / 5}.0.{i % 5}", 40_000);
            File.WriteAllText(Path.Combine(f, Yaml), "merge_method: passthrough\nslices:\n  - sources: [{model: base, layer_range: [0, 1]}]\n");
        }) { IsLarge = true },
        new("100,000 tensors of a first layer alone", null, string.Empty, f => WriteMany(f, i => i < 2 ? $"layers.{i}.x" : $"layers.0.x{i}")) { IsLarge = true },
        new("100,000 tensors and tokenizers", null, string.Empty, f =>
        {
            WriteMany(f, i => $"model.layers.{i / 1000}.mlp.experts.{i % 1000}.w");
            File.AppendAllText(Path.Combine(f, Yaml), "tokenizer: {source: union}\n");
        }) { IsLarge = true },
    ];

    private static HostileInput[] Layouts() =>
    [
        Header("overlapping", CabsError.CheckpointInvalid, "tensors 'v' and 'w' overlap", $"{{\"v\":{Entry("2", 0, 2)},\"w\":{Entry("2", 1, 3)}}}", null, 3),
        Header("past the end", CabsError.FileTruncated, "tensor 'w' ends at byte", $"{{\"w\":{Entry("9", 0, 9)}}}", null, 3),
        Header("offsets backwards", CabsError.CheckpointInvalid, "tensor 'w' spans bytes 3 to 0", $"{{\"w\":{Entry("3", 3, 0)}}}", null, 3),
        Header("a hole", CabsError.CheckpointInvalid, "1 bytes before tensor 'w' belong to no tensor", $"{{\"v\":{Entry("1", 0, 1)},\"w\":{Entry("1", 2, 3)}}}", null, 3),
        Header("bytes behind the last tensor", CabsError.CheckpointInvalid, "2 bytes after its last tensor", $"{{\"w\":{Entry("1", 0, 1)}}}", null, 3),
        Header("empty tensor inside another", CabsError.CheckpointInvalid, "tensors 'v' and 'w' overlap", $"{{\"v\":{Entry("3", 0, 3)},\"w\":{Entry("0", 1, 1)}}}", null, 3),
        Both("unordered and unaligned", $"{{\"w\":{Seeds.Entry(DType.F32, [1], 1, 5)},\"v\":{Entry("1", 0, 1)}}}", 5),
        Both("scalars and no elements", $"{{\"s\":{Seeds.Entry(DType.F32, [], 0, 4)},\"e\":{Seeds.Entry(DType.F32, [0, long.MaxValue], 4, 4)},\"f\":{Seeds.Entry(DType.BF16, [7, 0, 1L << 40], 0, 0)}}}", 4),
        Both("names that look like paths", $"{{\"../../x\":{Entry("1", 0, 1)},\"/etc/x\":{Entry("1", 1, 2)},\"\":{Entry("1", 2, 3)},\"C:\\\\x\":{Entry("1", 3, 4)},\"\\u0000\\u001b[2J\":{Entry("1", 4, 5)}}}", 5),
        Both("unknown entries of a tensor", "{\"w\":{\"order\":{\"x\":[[]]},\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"__metadata__\":null}", 1),
        Both("types that are only copied", $"{{\"a\":{Seeds.Entry(DType.F8_E4M3FNUZ, [1], 0, 1)},\"b\":{Seeds.Entry(DType.C64, [1], 1, 9)}}}", 9),
    ];

    private static HostileInput[] Indexes() =>
    [
        Shards("absolute path", CabsError.CheckpointInvalid, "names the file '/etc/model.safetensors'; a shard must lie in the same folder", i => i.Replace("model-00001-of-00002", "/etc/model", StringComparison.Ordinal)),
        Shards("folder above", CabsError.CheckpointInvalid, "names the file '../base/model.safetensors'; a shard must lie in the same folder", i => i.Replace("model-00001-of-00002", "../base/model", StringComparison.Ordinal)),
        Shards("folder above, in Windows' way", CabsError.CheckpointInvalid, "a shard must lie in the same folder", i => i.Replace("model-00001-of-00002", "..\\\\base\\\\model", StringComparison.Ordinal)),
        Shards("another drive or stream", CabsError.CheckpointInvalid, "a shard must lie in the same folder", i => i.Replace("model-00001-of-00002", "C:model", StringComparison.Ordinal)),
        Shards("file that is no shard", CabsError.CheckpointInvalid, "names the file 'config.json'", i => i.Replace("model-00001-of-00002.safetensors", "config.json", StringComparison.Ordinal)),
        Shards("file name with a null byte", CabsError.CheckpointInvalid, "a shard must lie in the same folder", i => i.Replace("model-00001-of-00002", "x\\u0000", StringComparison.Ordinal)),
        Shards("file name of a megabyte", CabsError.CheckpointInvalid, "a shard must lie in the same folder", i => i.Replace("model-00001-of-00002", new string('x', 1_000_000), StringComparison.Ordinal)),
        Shards("missing shard", CabsError.CheckpointNotFound, "model-00009.safetensors: missing", i => i.Replace("model-00001-of-00002", "model-00009", StringComparison.Ordinal)),
        Shards("tensor in another shard", CabsError.CheckpointInvalid, "holds tensor 'ids', which model.safetensors.index.json does not list there", i => i.Replace("\"ids\":\"model-00001", "\"ids\":\"model-00002", StringComparison.Ordinal)),
        Shards("tensor in no shard", CabsError.CheckpointInvalid, "says that tensor 'x' lies in", i => i.Replace("\"ids\"", "\"x\"", StringComparison.Ordinal)),
        Shards("tensor that a shard holds and the index lacks", CabsError.CheckpointInvalid, "holds tensor 'ids'", i => i.Replace("\"ids\":\"model-00001-of-00002.safetensors\",", string.Empty, StringComparison.Ordinal)),
        Shards("tensor twice", CabsError.CheckpointInvalid, "lists tensor 'd' twice", i => i.Replace("\"ids\"", "\"d\"", StringComparison.Ordinal)),
        Shards("weight_map twice", CabsError.CheckpointInvalid, "holds weight_map twice", i => i.Replace("\"metadata\":{\"total_size\":1}", "\"weight_map\":{}", StringComparison.Ordinal)),
        Shards("deep metadata", CabsError.CheckpointInvalid, "not a shard index", i => i.Replace("{\"total_size\":1}", new string('[', 100_000), StringComparison.Ordinal)),
        Shards("empty index", CabsError.CheckpointInvalid, "not a shard index", _ => string.Empty),
        Shards("byte order mark and big numbers", null, string.Empty, i => "\uFEFF" + i.Replace("\"total_size\":1", "\"total_size\":1e999999", StringComparison.Ordinal)),
        new("a .safetensors file that the index does not name", null, string.Empty, f =>
        {
            MakeShards(f, Seeds.Index);
            File.WriteAllText(Path.Combine(f, "a", "consolidated.safetensors"), "nobody reads this");
        }),
    ];

    private static HostileInput[] Files() =>
    [
        new("file of no bytes", CabsError.FileTruncated, "is empty", f => File.WriteAllBytes(Path.Combine(f, Weights), [])),
        new("file of three bytes", CabsError.FileTruncated, "ends after 3 bytes", f => File.WriteAllBytes(Path.Combine(f, Weights), [1, 2, 3])),
        new("folder instead of the weights", CabsError.CheckpointNotFound, "holds neither model.safetensors nor", f => Directory.CreateDirectory(Removed(f, Weights))),
        new("folder instead of a shard", CabsError.CheckpointNotFound, "model-00001-of-00002.safetensors: missing", f =>
        {
            MakeShards(f, Seeds.Index);
            Directory.CreateDirectory(Removed(f, "a/model-00001-of-00002.safetensors"));
        }),
        Link("pipe instead of the weights", CabsError.FileTruncated, "a pipe or device and no file", f => MakePipe(Removed(f, Weights))),
        Link("pipe instead of config.json", CabsError.ConfigInvalid, "not valid JSON", f => MakePipe(Removed(f, "a/config.json"))),
        Link("pipe instead of the index", CabsError.CheckpointInvalid, "not a shard index", f => MakePipe(Path.Combine(f, Index))),
        Link("pipes among the small files of the donor", null, string.Empty, f =>
        {
            MakePipe(Path.Combine(f, "base", "notes.txt"));
            MakePipe(Removed(f, "base/tokenizer.json"));
        }),
        Link("device instead of the weights", CabsError.FileTruncated, "a pipe or device and no file", f => File.CreateSymbolicLink(Removed(f, Weights), "/dev/zero")),
        Link("device instead of the tokenizer", null, string.Empty, f => File.CreateSymbolicLink(Removed(f, Tokenizer), "/dev/zero")),
        Link("link that leads nowhere", CabsError.CheckpointNotFound, "which does not exist", f => File.CreateSymbolicLink(Removed(f, Weights), "nothing")),
        Link("link to itself", CabsError.ReadFailed, "leads in a circle", f => File.CreateSymbolicLink(Removed(f, Weights), "model.safetensors")),
        Link("folder that is a link to itself", CabsError.ReadFailed, "leads in a circle", f =>
        {
            Directory.Delete(Path.Combine(f, "a"), recursive: true);
            Directory.CreateSymbolicLink(Path.Combine(f, "a"), "a");
        }),
        Link("small files that are links to nothing and far away", null, string.Empty, f =>
        {
            File.CreateSymbolicLink(Path.Combine(f, "base", "nothing.txt"), "nothing");
            File.CreateSymbolicLink(Path.Combine(f, "base", "passwd.txt"), "/etc/passwd");
        }),
        Link("a hub's cache of links", null, string.Empty, f =>
        {
            string snapshot = Path.Combine(f, "cache", "snapshots", "1"), blobs = Path.Combine(f, "cache", "blobs");
            Directory.CreateDirectory(snapshot);
            Directory.CreateDirectory(blobs);
            foreach (string file in Directory.GetFiles(Path.Combine(f, "a")))
            {
                string blob = Path.GetFileName(file).Length.ToString(CultureInfo.InvariantCulture);
                File.Move(file, Path.Combine(blobs, blob));
                File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(file)), $"../../blobs/{blob}");
            }

            Directory.Delete(Path.Combine(f, "a"));
            Directory.CreateSymbolicLink(Path.Combine(f, "a"), snapshot);
        }),
    ];

    private static HostileInput[] Recipes() =>
    [
        Document("aliases that multiply", "stands for more than 100000 values", "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + string.Concat(Enumerable.Range(1, 12).Select(i => $"x-{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n")) + Recipe),
        Document("merge keys that multiply", "stands for more than 100000 values", "x-0: &a0 {weight: 1}\n" + string.Concat(Enumerable.Range(1, 12).Select(i => $"x-{i}: &a{i} {{<<: [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]}}\n")) + Recipe),
        Document("a list of the same slice", "stands for more than 100000 values", "merge_method: linear\nx-s: &s {sources: [{model: a, layer_range: [0, 1]}]}\nslices: [" + string.Join(", ", Enumerable.Repeat("*s", 100_000)) + "]\n"),
        Document("an alias inside what it stands for", "an alias stands inside what it stands for", "x-a: &a [*a]\n" + Recipe),
        Document("an alias inside a key", "a key must be a word", "x-a:\n  ? &a [*a]\n  : 1\n" + Recipe),
        Document("a key that is a list", "a key must be a word", "? [1, 2]\n: 1\n" + Recipe),
        Document("a key that is an alias of a list", "a key must be a word", "x-a: &a [1]\nx-b: {*a : 1}\n" + Recipe),
        Document("a chain of aliases", "nested more than 64 deep", "x-0: &a0 [1]\n" + string.Concat(Enumerable.Range(1, 5000).Select(i => $"x-{i}: &a{i} [*a{i - 1}]\n")) + Recipe),
        Document("brackets", "nested more than 64 deep", new string('[', 500_000)),
        Document("braces", "nested more than 64 deep", string.Concat(Enumerable.Repeat("{a: ", 100_000))),
        Document("dashes", "nested more than 64 deep", string.Concat(Enumerable.Repeat("- ", 100_000))),
        Document("question marks", "a key must be a word", string.Concat(Enumerable.Repeat("? ", 100_000))),
        Document("two megabytes", "a recipe has at most", Recipe + "# " + new string('x', 2_000_000)),
        Document("half a million values", "stands for more than 100000 values", "x-a: [" + string.Concat(Enumerable.Repeat("1,", 400_000)) + "]\n" + Recipe),
        Document("documents without end", "has more than 256 documents", string.Concat(Enumerable.Repeat("--- {a: 1}\n", 50_000))),
        Document("a key of a megabyte", "not valid YAML", new string('k', 900_000) + ": 1\n" + Recipe),
        Document("a key twice", "line 2", "merge_method: linear\n" + Recipe),
        Document("a number of a megabyte", "'weight' is", Recipe.Replace("0.5", "0b" + new string('0', 400_000) + "2", StringComparison.Ordinal), CabsError.ParameterInvalid),
        Document("a number out of range", "'weight' is '1e999'", Recipe.Replace("0.5", "1e999", StringComparison.Ordinal), CabsError.ParameterInvalid),
        Document("a null byte in a path", "is not a path", Recipe.Replace("model: a", "model: \"a\\0b\"", StringComparison.Ordinal), CabsError.CheckpointNotFound),
        Document("a null byte", "line 1: holds the control character U+0000", "x-a: \0\n" + Recipe),
        Document("a model that is a device", "not a .safetensors file", Recipe.Replace("model: a", "model: /dev/zero", StringComparison.Ordinal), CabsError.CheckpointNotFound) with { NeedsUnix = true },
        Document("a path of half a megabyte", "no such folder or file", Recipe.Replace("model: a", "model: " + string.Concat(Enumerable.Repeat("a/", 250_000)), StringComparison.Ordinal), CabsError.CheckpointNotFound),
        Document("a name that leads away", "must be one that a folder can have", "name: ../../x\n" + Recipe, CabsError.ParameterInvalid),
        Document("a name that is a path", "must be one that a folder can have", "name: /tmp/x\n" + Recipe, CabsError.ParameterInvalid),
        Document("a name of a thousand folders", "must be one that a folder can have", $"name: {string.Concat(Enumerable.Repeat("a/", 100_000))}a\n" + Recipe, CabsError.ParameterInvalid),
        Document("names that differ in capitals", "would lie in each other's folders", $"name: X\n{Recipe}---\nname: x\n{Recipe}"),
        Document("a type tag that runs code elsewhere", "line 1", "x-a: !!python/object/apply:os.system [\"touch x\"]\nmodels: 1\n"),
        new("bytes that are not UTF-8", CabsError.RecipeInvalid, "recipe.yml line 2: byte 5 is not UTF-8", f => File.WriteAllBytes(Path.Combine(f, Yaml), [(byte)'a', (byte)':', (byte)' ', (byte)'1', (byte)'\n', 0x80, (byte)'\n'])),
        new("folder instead of the recipe", CabsError.RecipeInvalid, "is a folder", f => Directory.CreateDirectory(Removed(f, Yaml))),
        Link("pipe that nobody writes to", CabsError.RecipeInvalid, "is a pipe that nobody writes to", f => MakePipe(Removed(f, Yaml))),
        Link("device instead of the recipe", CabsError.RecipeInvalid, "a recipe has at most", f => File.CreateSymbolicLink(Removed(f, Yaml), "/dev/zero")),
        new("byte order mark", null, string.Empty, f => File.WriteAllText(Path.Combine(f, Yaml), Recipe, new UTF8Encoding(true))),
        new("UTF-16", null, string.Empty, f => File.WriteAllText(Path.Combine(f, Yaml), Recipe, Encoding.Unicode)),
    ];

    private static HostileInput[] Texts() =>
    [
        Config("config of five megabytes", "more than 4.19 MB is no config.json", "{\"a\":\"" + new string('x', 5_000_000) + "\"}"),
        Config("config of brackets", "not valid JSON at line 1", "{\"a\":" + new string('[', 1_000_000)),
        Config("config that says its layers a hundred thousand times", "says more than 1000 times", "{" + string.Join(',', Enumerable.Repeat("\"num_hidden_layers\":2", 100_000)) + "}"),
        Config("config that is a list", "not a JSON object", "[]"),
        Config("config with a lone surrogate", "not valid UTF-8", "{\"model_type\":\"\\ud800\"}"),
        Config("config with a mark, comments, big numbers and a million values", null, "\uFEFF{ // x\n\"vocab_size\": 1e999, \"num_hidden_layers\": 99999999999999999999, \"architectures\": [7], \"a\": [" + string.Join(',', Enumerable.Repeat("1", 1_000_000)) + "],}"),
        Tokens("token without a text", "has no text", """{"model": {"type": "Unigram", "vocab": [[null, 0.5]]}}"""),
        Tokens("added token without a text", "has no content", """{"added_tokens": [{"id": 1, "content": null}], "model": {"vocab": {}}}"""),
        Tokens("token with a huge number", "token 'a' has number 16000000", """{"model": {"vocab": {"a": 16000000}}}"""),
        Tokens("token with a negative number", "token 'a' has number -1", """{"model": {"vocab": {"a": -1}}}"""),
        Tokens("token with an exponent", "tokenizer.json must be", """{"model": {"vocab": {"a": 1e2}}}"""),
        Tokens("vocabulary that is a number", "its vocabulary is not", """{"model": {"vocab": 5, "type": 7}}"""),
        Tokens("tokenizer of brackets", "tokenizer.json must be", "{\"x\":" + new string('[', 1_000_000)),
    ];

    private static HostileInput Header(string name, CabsError error, string says, string header, ulong? claimed = null, int dataBytes = 0) =>
        new(name, error, says, f => File.WriteAllBytes(Path.Combine(f, Weights), Seeds.File(header, new byte[dataBytes], claimed)));

    // the same in both models, so that it is merged
    private static HostileInput Both(string name, string header, int dataBytes) => new(name, null, string.Empty, f =>
    {
        foreach (string model in new[] { "base", "a" })
            File.WriteAllBytes(Path.Combine(f, model, "model.safetensors"), Seeds.File(header, new byte[dataBytes]));
    });

    private static HostileInput Shards(string name, CabsError? error, string says, Func<string, string> change) =>
        new($"index: {name}", error, says, f => MakeShards(f, change(Seeds.Index)));

    private static HostileInput Link(string name, CabsError? error, string says, Action<string> make) =>
        new(name, error, says, make) { NeedsUnix = true };

    private static HostileInput Document(string name, string says, string text, CabsError error = CabsError.RecipeInvalid) =>
        new($"recipe: {name}", error, says, f => File.WriteAllText(Path.Combine(f, Yaml), text));

    private static HostileInput Config(string name, string? says, string text) =>
        new(name, says is null ? null : CabsError.ConfigInvalid, says ?? string.Empty, f => File.WriteAllText(Path.Combine(f, "a", "config.json"), text));

    private static HostileInput Tokens(string name, string says, string text) => new(name, CabsError.TokenizerInvalid, says, f =>
    {
        File.WriteAllText(Path.Combine(f, Tokenizer), text);
        File.AppendAllText(Path.Combine(f, Yaml), "tokenizer: {source: union}\n");
    });

    private static string Entry(string shape, long begin, long end) =>
        string.Create(CultureInfo.InvariantCulture, $"{{\"dtype\":\"U8\",\"shape\":[{shape}],\"data_offsets\":[{begin},{end}]}}");

    private static void MakeShards(string folder, string index)
    {
        File.Delete(Path.Combine(folder, Weights));
        Seeds.WriteShards(Path.Combine(folder, "a"), 1);
        File.WriteAllText(Path.Combine(folder, Index), index);
    }

    private static string Removed(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        File.Delete(path);
        return path;
    }

    private static void WriteLarge(string folder, string begin, Action<StreamWriter, long> fill)
    {
        using FileStream file = File.Create(Path.Combine(folder, Weights));
        file.Write(BitConverter.GetBytes(100_000_000UL));
        using var writer = new StreamWriter(file, new UTF8Encoding(false), 1 << 16);
        writer.Write(begin);
        for (long left = 100_000_000 - begin.Length; left > 0; left -= 1 << 16)
            fill(writer, left);
    }

    private static void WriteNames(string folder, int count)
    {
        using FileStream file = File.Create(Path.Combine(folder, Weights));
        file.Write(new byte[8]);
        using var writer = new StreamWriter(file, new UTF8Encoding(false), 1 << 16);
        for (int i = 0; i < count; i++)
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? '{' : ',')}\"{i}\":{Entry("0", 0, 0)}"));
        writer.Write('}');
        writer.Flush();
        long length = file.Length - 8;
        file.Position = 0;
        file.Write(BitConverter.GetBytes(length));
    }

    private static void WriteMany(string folder, Func<int, string> name, int count = 100_000)
    {
        (string, DType, long[])[] tensors = [.. Enumerable.Range(0, count).Select(i => (name(i), DType.BF16, new long[] { 2 }))];
        foreach (string model in new[] { "base", "a" })
            File.WriteAllBytes(Path.Combine(folder, model, "model.safetensors"), Seeds.File(Seeds.Header(tensors), new byte[4 * count]));
    }

    private static void MakePipe(string path)
    {
        if (mkfifo(path, 0x180) != 0)
            throw new IOException($"{path}: no pipe could be made");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int mkfifo([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);
}
