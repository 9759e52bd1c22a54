using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Bench;

/// <summary>A base and fine-tunes of it as one long tensor in memory, and room for the result.</summary>
public sealed class MemoryModels
{
    private const int PieceLength = 1 << 18;

    /// <summary>Makes them.</summary>
    public MemoryModels(int weights, int experts, SyntheticDeltas deltas)
    {
        Weights = weights;
        Experts = experts;
        Stored = [.. Enumerable.Range(0, experts + 2).Select(_ => new HugeBuffer(weights * 2).Memory)];
        var synthetic = new SyntheticWeights(1, deltas);
        Stopwatches.OnThreads(Environment.ProcessorCount, Pieces * (experts + 1), () => piece =>
        {
            int model = piece / Pieces, start = piece % Pieces * PieceLength;
            synthetic.Fill(model, start, DType.BF16, Stored[model].Span.Slice(start * 2, Length(start) * 2));
        });
        Output.Span.Clear();
    }

    public int Weights { get; }

    public int Experts { get; }

    /// <summary>The base, the experts, and room for the result, as bfloat16.</summary>
    public Memory<byte>[] Stored { get; }

    private Memory<byte> Output => Stored[^1];

    private int Pieces => (Weights + PieceLength - 1) / PieceLength;

    /// <summary>Seconds to copy as many bytes as the models have, and how many bytes that reads and writes.</summary>
    public (double Seconds, long Bytes) Copy(int threads, int runs)
    {
        double seconds = Stopwatches.Best(runs, () => Stopwatches.OnThreads(threads, Pieces, () => piece =>
        {
            int start = piece * PieceLength, bytes = Length(start) * 2;
            Stored[0].Span.Slice(start * 2, bytes).CopyTo(Output.Span.Slice(start * 2, bytes));
        }));
        return (seconds, Weights * 4L);
    }

    /// <summary>Seconds that a merge of the first experts takes, all passes.</summary>
    public double Merge(MergeMethod method, ParameterSet parameters, int experts, int threads, int runs)
    {
        var definition = new MergeDefinition
        {
            Method = method,
            BasePath = "base",
            Inputs = [.. Enumerable.Range(1, experts).Select(i => new ModelInput($"expert{i}", $"expert{i}", ParameterSet.Of(("weight", 0.7 / i))))],
            Parameters = parameters,
            Groups = method.Sparsifier is { } sparsifier ? [new SparsifierGroup(sparsifier, [.. Enumerable.Range(0, experts)])] : [],
        };
        return Stopwatches.Best(runs, () => Merge(definition, threads));
    }

    private void Merge(MergeDefinition definition, int threads)
    {
        int experts = definition.Inputs.Count;
        var kernels = Engine.Numerics.Kernels.For<float>();
        var plan = new TensorPlan(new OutputTensor("weight", DType.BF16, [Weights], Weights), TensorAction.Merge, Stand("base"), [.. definition.Inputs.Select(i => Stand(i.Name))], InDouble: false)
        {
            Scope = new TensorScope(0, [.. definition.Inputs.Select((input, i) => new InputScope(input, i, "weight"))], [definition.Parameters]),
        };
        var context = new TensorContext(definition, plan);
        TensorKernel<float> kernel = definition.Method.Bind(context, kernels);
        if (kernel.WishedBytes <= MemoryBudget.MostWished)
            kernel.Keep();
        int tile = MemoryBudget.TileFor(kernel.BlockLength);
        long segment = (PieceLength + tile - 1L) / tile * tile;
        var loop = new PieceLoop<float>(kernel, kernels, tile, segment, allowNonFinite: false);
        int pieces = (int)((Weights + segment - 1) / segment);
        for (int pass = 0; pass <= kernel.MeasuringPasses; pass++)
        {
            int count = kernel.SumCount(pass), current = pass;
            double[] sums = new double[count * pieces];
            Stopwatches.OnThreads(threads, pieces, () =>
            {
                var room = new Tile<float>();
                room.Reserve(experts, tile);
                int stride = current < kernel.MeasuringPasses ? kernel.StrideOf(current) : 1;
                return piece =>
                {
                    int start = (int)(piece * segment), length = (int)Math.Min(segment / stride / tile * tile, Weights - start);
                    StoredWeights Slice(int model) => new(DType.BF16, Stored[model].Slice(start * 2, length * 2));
                    if (loop.Run(current, start, length, Slice(0), [.. Enumerable.Range(1, experts).Select(Slice)], Slice(Stored.Length - 1), room, sums) is not null)
                        throw new InvalidOperationException("synthetic weights are finite");
                };
            });
            if (pass == kernel.MeasuringPasses)
                break;
            double[] totals = new double[count];
            for (int i = 0; i < sums.Length; i++)
                totals[i % count] += sums[i];
            kernel.Complete(pass, totals);
        }

        kernel.Release();
    }

    private TensorInfo Stand(string model) => new("weight", DType.BF16, [Weights], Weights, model, 0);

    private int Length(int start) => Math.Min(PieceLength, Weights - start);
}
