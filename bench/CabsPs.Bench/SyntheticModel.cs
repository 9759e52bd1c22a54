using CabsPs.Engine.Checkpoints;

namespace CabsPs.Bench;

/// <summary>Writes a base and fine-tunes of it with the shapes of a small language model: an embedding, layers of square and
/// wide matrices, and norms.</summary>
public static class SyntheticModel
{
    private const int Hidden = 1024;
    private const int Wide = 4 * Hidden;
    private const long LayerCount = (4L * Hidden * Hidden) + (3L * Hidden * Wide) + (2L * Hidden);

    /// <summary>The tensors of a model of about this many weights.</summary>
    public static IReadOnlyList<OutputTensor> Tensors(long weights, DType type)
    {
        if (weights < 2 * LayerCount)
            return Small(weights, type);
        long layers = Math.Max(1, weights * 9 / 10 / LayerCount);
        long rows = Math.Max(1, (weights - (layers * LayerCount) - Hidden) / Hidden);
        var tensors = new List<OutputTensor> { Tensor("model.embed_tokens.weight", type, rows, Hidden) };
        for (long layer = 0; layer < layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            tensors.Add(Tensor(prefix + "input_layernorm.weight", type, Hidden));
            foreach (string name in (string[])["q_proj", "k_proj", "v_proj", "o_proj"])
                tensors.Add(Tensor($"{prefix}self_attn.{name}.weight", type, Hidden, Hidden));
            tensors.Add(Tensor(prefix + "post_attention_layernorm.weight", type, Hidden));
            tensors.Add(Tensor(prefix + "mlp.gate_proj.weight", type, Wide, Hidden));
            tensors.Add(Tensor(prefix + "mlp.up_proj.weight", type, Wide, Hidden));
            tensors.Add(Tensor(prefix + "mlp.down_proj.weight", type, Hidden, Wide));
        }

        tensors.Add(Tensor("model.norm.weight", type, Hidden));
        return tensors;
    }

    /// <summary>Writes OUT/base and OUT/expert1, OUT/expert2, …</summary>
    /// <param name="folder">OUT.</param>
    /// <param name="bytes">About how many bytes a model shall have.</param>
    /// <param name="experts">How many fine-tunes.</param>
    /// <param name="type">How weights are stored.</param>
    /// <param name="weights">The values.</param>
    /// <returns>The folders, the base first.</returns>
    public static IReadOnlyList<string> Write(string folder, long bytes, int experts, DType type, SyntheticWeights weights)
    {
        IReadOnlyList<OutputTensor> tensors = Tensors(Math.Max(1, bytes / type.Size()), type);
        OutputLayout layout = OutputLayout.Create(tensors, OutputLayout.DefaultShardBytes);
        var folders = new List<string>();
        for (int model = 0; model <= experts; model++)
        {
            string path = Path.Combine(folder, model == 0 ? "base" : $"expert{model}");
            using CheckpointWriter writer = CheckpointWriter.Create(path, layout, replace: true);
            WriteTensors(writer, tensors, model, weights);
            writer.WriteFile("config.json", System.Text.Encoding.UTF8.GetBytes($"{{\n  \"architectures\": [\"LlamaForCausalLM\"],\n  \"model_type\": \"llama\",\n  \"torch_dtype\": \"{type.TorchName()}\"\n}}\n"));
            writer.Complete();
            folders.Add(path);
        }

        return folders;
    }

    private static void WriteTensors(CheckpointWriter writer, IReadOnlyList<OutputTensor> tensors, int model, SyntheticWeights weights)
    {
        const long pieceLength = 1 << 18;
        long place = 0;
        var pieces = new List<(OutputTensor Tensor, long Start, long Place)>();
        foreach (OutputTensor tensor in tensors)
        {
            for (long start = 0; start < tensor.Count; start += pieceLength)
                pieces.Add((tensor, start, place + start));
            place += tensor.Count;
        }

        Parallel.ForEach(pieces, () => new byte[pieceLength * 4], (piece, _, buffer) =>
        {
            int size = piece.Tensor.Type.Size();
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(pieceLength, piece.Tensor.Count - piece.Start) * size);
            weights.Fill(model, piece.Place, piece.Tensor.Type, bytes);
            writer.Write(piece.Tensor.Name, piece.Start * size, bytes);
            return buffer;
        }, static _ => { });
    }

    // below two layers' worth, the same kinds of tensors in smaller numbers
    private static List<OutputTensor> Small(long weights, DType type)
    {
        long hidden = Math.Max(1, (long)Math.Sqrt(weights / 18.0));
        long rows = Math.Max(1, (weights - (16 * hidden * hidden) - hidden) / hidden);
        return
        [
            Tensor("model.embed_tokens.weight", type, rows, hidden),
            Tensor("model.layers.0.self_attn.q_proj.weight", type, hidden, hidden),
            Tensor("model.layers.0.self_attn.k_proj.weight", type, hidden, hidden),
            Tensor("model.layers.0.self_attn.v_proj.weight", type, hidden, hidden),
            Tensor("model.layers.0.self_attn.o_proj.weight", type, hidden, hidden),
            Tensor("model.layers.0.mlp.gate_proj.weight", type, 4 * hidden, hidden),
            Tensor("model.layers.0.mlp.up_proj.weight", type, 4 * hidden, hidden),
            Tensor("model.layers.0.mlp.down_proj.weight", type, hidden, 4 * hidden),
            Tensor("model.norm.weight", type, hidden),
        ];
    }

    private static OutputTensor Tensor(string name, DType type, params long[] shape) =>
        new(name, type, shape, shape.Aggregate(1L, static (a, b) => a * b));
}
