using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Fuzzing;

/// <summary>The right files that wrong ones are made from: small models with every kind of tensor, and a recipe for every method.</summary>
public static class Seeds
{
    /// <summary>A model's tensors: layers, an embedding, all widths of floats, integers, a scalar, one without elements.</summary>
    public static readonly (string Name, DType Type, long[] Shape)[] Tensors =
    [
        ("d", DType.F64, [3]),
        ("ids", DType.I64, [2]),
        ("model.embed_tokens.weight", DType.F32, [6, 4]),
        ("model.layers.0.w", DType.BF16, [4, 4]),
        ("model.layers.1.w", DType.BF16, [4, 4]),
        ("model.norm.weight", DType.F16, [4]),
        ("scalar", DType.F32, []),
        ("empty", DType.F32, [0, 5]),
        ("mask", DType.BOOL, [1]),
    ];

    /// <summary>A config.json that goes with them.</summary>
    public const string Config = """
        {
          "architectures": ["LlamaForCausalLM"],
          "model_type": "llama",
          "num_hidden_layers": 2,
          "tie_word_embeddings": false,
          "torch_dtype": "float32",
          "layer_types": ["full", "full"],
          "eos_token_id": 5,
          "vocab_size": 6
        }
        """;

    /// <summary>A tokenizer.json that goes with them.</summary>
    public const string Tokenizer = """
        {
          "version": "1.0",
          "added_tokens": [{"id": 5, "content": "<end>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
          "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, "merges": ["a b", "b c"]}
        }
        """;

    /// <summary>A tensor's place and the text of its header entry.</summary>
    public static string Entry(DType type, IEnumerable<long> shape, long begin, long end) =>
        string.Create(CultureInfo.InvariantCulture, $"{{\"dtype\":\"{type}\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{begin},{end}]}}");

    /// <summary>A file of a header and data.</summary>
    public static byte[] File(string header, ReadOnlySpan<byte> data, ulong? claimed = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed ?? (ulong)json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file.AsSpan(8 + json.Length));
        return file;
    }

    /// <summary>The data of some tensors: small numbers in each type, the same integers in every model.</summary>
    public static byte[] Data(IEnumerable<(string Name, DType Type, long[] Shape)> tensors, int model)
    {
        using var data = new MemoryStream();
        foreach ((string name, DType type, long[] shape) in tensors)
        {
            for (long i = 0, count = shape.Aggregate(1L, (a, b) => a * b); i < count; i++)
            {
                float value = (((i * 7) + (model * 3) + name.Length) % 11) / 16f;
                data.Write(type switch
                {
                    DType.F64 => BitConverter.GetBytes((double)value),
                    DType.F32 => BitConverter.GetBytes(value),
                    DType.F16 => BitConverter.GetBytes((Half)value),
                    DType.BF16 => BitConverter.GetBytes(BitConverter.SingleToUInt32Bits(value))[2..],
                    _ => BitConverter.GetBytes(i)[..type.Size()],
                });
            }
        }

        return data.ToArray();
    }

    /// <summary>The header of some tensors.</summary>
    public static string Header(IEnumerable<(string Name, DType Type, long[] Shape)> tensors)
    {
        var text = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long at = 0;
        foreach ((string name, DType type, long[] shape) in tensors)
            text.Append(CultureInfo.InvariantCulture, $",\"{name}\":{Entry(type, shape, at, at += shape.Aggregate(1L, (a, b) => a * b) * type.Size())}");
        return text.Append('}').ToString();
    }

    /// <summary>Writes a model folder.</summary>
    public static void WriteModel(string folder, int model)
    {
        Directory.CreateDirectory(folder);
        System.IO.File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), File(Header(Tensors), Data(Tensors, model)));
        System.IO.File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        System.IO.File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer);
    }

    /// <summary>Writes the model in two shards.</summary>
    public static void WriteShards(string folder, int model)
    {
        Directory.CreateDirectory(folder);
        foreach ((string file, var tensors) in Shards)
            System.IO.File.WriteAllBytes(Path.Combine(folder, file), File(Header(tensors), Data(tensors, model)));
        System.IO.File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), Index);
    }

    /// <summary>The shards and what lies in them.</summary>
    public static IEnumerable<(string File, (string Name, DType Type, long[] Shape)[] Tensors)> Shards =>
        [("model-00001-of-00002.safetensors", Tensors[..4]), ("model-00002-of-00002.safetensors", Tensors[4..])];

    /// <summary>Their index.</summary>
    public static string Index =>
        $"{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{string.Join(',', Shards.SelectMany(s => s.Tensors.Select(t => $"\"{t.Name}\":\"{s.File}\"")))}}}}}";

    /// <summary>Recipes over the models base, a and b: one of each method, and one of each kind of merge.</summary>
    public static IReadOnlyList<string> Recipes { get; } =
    [
        .. MethodCatalog.All.Select(Recipe),
        """
        merge_method: linear
        slices:
          - sources:
              - {model: a, layer_range: [0, 1], parameters: {weight: 0.5}}
              - {model: b, layer_range: [0, 1], parameters: {weight: 0.5}}
          - sources:
              - {model: b, layer_range: [0, 2], parameters: {weight: 1}}
        dtype: bfloat16

        """,
        """
        name: first
        merge_method: task_arithmetic
        base_model: base
        models: [{model: a, parameters: {weight: [0, 1]}}]
        ---
        merge_method: slerp
        base_model: first
        models: [{model: b}]
        parameters: {t: [{filter: layers, value: [0.1, 0.5]}, {value: 0.2}]}

        """,
        """
        x-shared: &shared {weight: 0.5, density: 0.5}
        merge_method: ties
        base_model: base
        models:
          - model: a
            parameters: {<<: *shared, weight: 1}
          - {model: b, parameters: *shared}
        parameters: {normalize: true}
        include: ["model.*"]
        exclude: ["*norm*"]
        post: [{method: lines, parameters: {alpha: 1, beta: 0.5}}]

        """,
        """
        merge_method: task_arithmetic
        base_model: base
        models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]
        tokenizer:
          source: union
          tokens:
            "<end>": {source: a}
            "<new>": {source: {kind: model_token, model: b, token: ab}}
            "<null>": {source: {kind: zero}, force: true}
          pad_to_multiple_of: 8
        chat_template: chatml

        """,
        """
        merge_method: cabs
        base_model: base
        modules:
          default:
            slices:
              - sources: [{model: base, layer_range: [0, 2]}, {model: a, layer_range: [0, 2], parameters: {weight: 0.7}}, {model: b, layer_range: [0, 2], parameters: {weight: 0.3}}]
                parameters: {n: 1, m: 2}
        parameters: {assignment: joint, overlap: ties}

        """,
    ];

    // a recipe of a method
    private static string Recipe(MergeMethod method)
    {
        string[] inputs = method.InputCount.Allows(2) ? ["a", "b"] : ["a"];
        var text = new StringBuilder($"merge_method: {method.Name}\n");
        if (method.BaseRule != BaseRule.Ignored)
            text.Append("base_model: base\n");
        text.Append("models:\n");
        foreach (string input in inputs)
            text.Append(CultureInfo.InvariantCulture, $"  - model: {input}\n    parameters: {{{Values(method, ParameterScope.Model)}}}\n");
        return text.Append(CultureInfo.InvariantCulture, $"parameters: {{{Values(method, ParameterScope.Global)}}}\n").ToString();
    }

    private static string Values(MergeMethod method, ParameterScope scope) => string.Join(", ", method.Parameters
        .Where(p => p.Scope == scope && (p.Default is null || p.Name is "n" or "m"))
        .Select(p => $"{p.Name}: {p.Kind switch
        {
            ParameterKind.Integer => p.Name == "m" ? "4" : "1",
            ParameterKind.Number => "0.5",
            ParameterKind.Switch => "true",
            ParameterKind.Choice => p.Words[0],
            _ => "a",
        }}"));
}
