using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;
using CabsPs.Engine.Merging.Steps;
using CabsPs.Engine.TaskVectors;
using CabsPs.Engine.TaskVectors.Files;
using static CabsPs.Torch.TensorMath;

namespace CabsPs.Torch.Kernels;

/// <summary>Which computation on torch tensors stands for which managed one. A new kernel gets a line here.</summary>
internal static class Twin
{
    /// <summary>The twin of a kernel or probe; null where there is none.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public static TorchKernel<T>? Find<T>(TensorProbe<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => kernel switch
    {
        // methods
        // writes task vectors, not models
        VectorKernel<T> => null,
        TaskVectorKernel<T> k => new TaskVectors<T>(k),
        Linear.SumKernel<T> k => new WeightedSum<T>(k),
        Linear.AverageKernel<T> k => new Average<T>(k),
        Passthrough.ScaleKernel<T> k => Elementwise<T>(tile => tile.Inputs[0].Times(k.Scale)),
        LayerSwap.Kernel<T> k => Elementwise<T>(tile => k.Source is { } source ? tile.Inputs[source] : tile.Inputs[0].Plus(tile.Inputs[1]) * Number.Of(0.5)),
        NearSwap.Kernel<T> k => Elementwise<T>(tile => Selection.Near<T>(tile, k)),
        NuSlerp.End<T> k => Elementwise<T>(tile => tile.Inputs[k.Input]),
        Slerp.Kernel<T> k => new SlerpKernel<T>(k),
        NuSlerp.Whole<T> k => new Directions<T>(k, 2, deltas: true, () => k.Factors.ToArray(), k.HasBase),
        NuSlerp.Rows<T> k => new NuSlerpRows<T>(k),
        NuSlerpColumns<T> k => new NuSlerpByColumn<T>(k),
        MultiSlerp.Kernel<T> k => new Directions<T>(k, InputsOf(k.SumCount(0)), deltas: true, () => k.Factors, k.HasBase),
        Karcher.Kernel<T> k => new Directions<T>(k, k.Count, deltas: false, () => k.Factors, hasBase: false),
        ModelStock.Kernel<T> k => new Stock<T>(k),
        SceKernel<T> k => new SceTwin<T>(k),
        RamKernel<T> k => new RamTwin<T>(k),
        ArceeFusion.Kernel<T> k => new Fusion<T>(k),
        TallMask.Kernel<T> k => Deltas<T>(tile => Selection.Tall(tile, k)),
        ConsensusTa.Kernel<T> k => Deltas<T>(tile => Selection.Consensus(tile, k)),
        Emr.Kernel<T> k => Deltas<T>(tile => Selection.Elected(tile, k)),
        MagMax.Kernel<T> k => Deltas<T>(tile => Selection.Largest(tile, k)),
        Tatr.Kernel<T> k => Deltas<T>(tile => Selection.Trusted(tile, k)),
        Pcb.Kernel<T> k => Deltas<T>(tile => Competition.Merge(tile, k)),
        Widen.WeightKernel<T> k => new WidenWeights<T>(k),
        Widen.ColumnKernel<T> k => new WidenLines<T>(k, byRow: false, (int)k.Lines),
        Widen.RowKernel<T> k => new WidenLines<T>(k, byRow: true, k.BlockLength),
        Fisher.Kernel<T> k => Elementwise<T>(tile => Averages.ByFisher<T>(tile, k)),
        RegMean.MeanKernel<T> k => Elementwise<T>(tile => Averages.Mean<T>(tile, k.Inputs)),
        Ota.Kernel<T> k => new OtaTwin<T>(k),
        Ffg.Kernel<T> k => new FfgTwin<T>(k),
        MeanKernel<T> k => Deltas<T>(tile => Averages.MeanDelta<T>(tile, k)),
        BaseKernel<T> => Deltas<T>(tile => tile.Zeros()),
        Opcm.SumKernel<T> k => Deltas<T>(tile => Averages.Sum<T>(tile, k)),
        MatrixKernel<T> k => new MatrixTwin<T>(k),

        // steps
        MatrixStepKernel<T> k when Find(k.Merged) is { } merged => new MatrixStepTwin<T>(k, merged),
        Lines.Kernel<T> k when Find(k.Merged) is { } merged => new ScaledStep<T>(merged, () => k.Factor),

        // measures of the whole model
        VectorRanks.Probe<T> p => Probe<T>(deltas: true, tile => Ranks.Feed<T>(p, tile)),
        Tatr.Threshold.Probe<T> p => Probe<T>(deltas: true, tile => Ranks.Feed<T>(p.Search, p.Sweep, Selection.Conflicts<T>(tile, p.Inputs), 0)),
        Pcb.Scores.Probe<T> p => Probe<T>(deltas: true, tile => Competition.Measure(tile, p)),
        DogeTa.Thresholds.Probe<T> p => Probe<T>(deltas: true, tile => Ranks.Feed<T>(p.Searches, p.Sweep, tile)),
        Emr.Rescaler.Probe<T> p => new TorchProbe<T>(deltas: true, 2, (tile, sums) => Selection.Measure(tile, p, sums)),
        Fisher.Norms.Probe<T> p => new TorchProbe<T>(deltas: false, p.Inputs, (tile, sums) =>
        {
            for (int i = 0; i < p.Inputs; i++)
                sums[i] += Dot(tile.Inputs[p.Inputs + i], tile.Inputs[p.Inputs + i]);
        }),
        Lines.Norms.Probe<T> p when Find(p.Merged) is { } merged => new StepMeasure<T>(merged, 2, (tile, delta, sums) =>
        {
            sums[0] += SumOfMagnitudes(Averages.SumOfDeltas(tile, p.Inputs, merged.WantsDeltas));
            sums[1] += SumOfMagnitudes(delta);
        }),
        Opcm.Norms.Probe<T> p when Find(p.Merged) is { } merged => new StepMeasure<T>(merged, p.Inputs + 1, (tile, delta, sums) =>
        {
            sums[0] += Dot(delta, delta);
            for (int i = 0; i < p.Inputs; i++)
            {
                TorchSharp.torch.Tensor own = merged.WantsDeltas ? tile.Inputs[i] : tile.Inputs[i] - tile.Base;
                sums[i + 1] += Dot(own, own);
            }
        }),
        Knots.Thresholds.Probe<T> p => new MatrixTwin<T>(p.Matrix),
        _ => null,
    };

    private static TorchKernel<T> Elementwise<T>(Func<TorchTile, TorchSharp.torch.Tensor> merge)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => new ElementwiseKernel<T>(merge);

    private static TorchKernel<T> Deltas<T>(Func<TorchTile, TorchSharp.torch.Tensor> merge)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => new ElementwiseDeltaKernel<T>(merge);

    private static TorchKernel<T> Probe<T>(bool deltas, Action<TorchTile> measure)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => new TorchProbe<T>(deltas, 0, (tile, _) => measure(tile));

    // from the number of pairs, each input with itself included
    private static int InputsOf(int pairs) => (int)((Math.Sqrt((8.0 * pairs) + 1) - 1) / 2);

    private sealed class ElementwiseKernel<T>(Func<TorchTile, TorchSharp.torch.Tensor> merge) : TorchKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override TorchSharp.torch.Tensor Merge(TorchTile tile, double[] sums) => merge(tile);
    }

    private sealed class ElementwiseDeltaKernel<T>(Func<TorchTile, TorchSharp.torch.Tensor> merge) : TorchDeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override TorchSharp.torch.Tensor MergeDelta(TorchTile tile, double[] sums) => merge(tile);
    }
}
