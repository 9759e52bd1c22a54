using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <content>What is measured and merged from stored weights, without tiles of deltas.</content>
public partial class TaskVectorKernel<T>
{
    /// <inheritdoc/>
    internal override bool TakesStored(int pass) =>
        pass < _groups.MeasuringPasses ? _groups.TakesStored
            : pass == MeasuringPasses && _allMasked && _combination.Conflicts switch
            {
                // masks that do not depend on the deltas
                ConflictRule.Add => !_groups.ReadsDeltas && _terms.Length > 0,
                // two vectors that meet everywhere
                ConflictRule.Elect => _terms.Length == 2,
                _ => false,
            };

    /// <inheritdoc/>
    internal sealed override bool TryMeasureStored(int pass, Tile<T> room, IKernels<T> kernels, StoredTile stored, Span<double> sums) =>
        _groups.TryMeasureStored(pass, room, kernels, stored, sums);

    /// <inheritdoc/>
    internal override bool TryMergeStored(IKernels<T> kernels, StoredWeights origin, StoredWeights[] inputs, StoredWeights output, Span<double> sums)
    {
        if (!_groups.IsEmpty || _combination.Conflicts != ConflictRule.Add || _terms.Length < _inputs.Length || _inputs.Any(i => inputs[i].Type != origin.Type))
            return false;
        T[] weights = [.. _terms.Select(Scale)];
        ReadOnlyMemory<byte>[] experts = [.. _terms.Select(i => (ReadOnlyMemory<byte>)inputs[i].Bytes)];
        if (!kernels.TryCombineStored(origin.Bytes, origin.Type, experts, weights, Divisor(), T.CreateTruncating(_combination.Lambda), output.Type, output.Bytes))
            return false;
        for (int t = 0; t < _terms.Length; t++)
            sums[3 * t] += origin.Count;
        return true;
    }

    /// <inheritdoc/>
    internal sealed override bool TryMergeStored(Tile<T> room, IKernels<T> kernels, StoredTile stored, DType type, Span<byte> destination, Span<double> sums) =>
        _combination.Conflicts == ConflictRule.Add
            ? TryAddStored(room, kernels, stored, type, destination, sums)
            : TryElectStored(kernels, stored, type, destination, sums);

    private bool TryAddStored(Tile<T> room, IKernels<T> kernels, StoredTile stored, DType type, Span<byte> destination, Span<double> sums)
    {
        if (type != stored.Type)
            return false;
        _groups.MakeMasks(room);
        Span<(double All, double Kept)> energies = stackalloc (double, double)[_terms.Length];
        for (int t = 0; t < energies.Length; t++)
        {
            int i = _terms[t];
            if (!kernels.TryAddMasked(stored.Base, stored.Input(i), type, room.Mask(i), Scale(i), isFirst: t == 0, room.Total, out energies[t]))
                return false;
        }

        if (!kernels.TryStoreSum(stored.Base, type, room.Total, Divisor(), T.CreateTruncating(_combination.Lambda), destination))
            return false;
        for (int t = 0; t < energies.Length; t++)
            AddTally(room, t, energies[t], sums);
        TallyPairs(room, sums[(3 * _terms.Length)..]);
        return true;
    }

    private bool TryElectStored(IKernels<T> kernels, StoredTile stored, DType type, Span<byte> destination, Span<double> sums)
    {
        Span<int> limits = stackalloc int[_inputs.Length];
        return _groups.TryLimits(stored.Start, limits)
            && kernels.TryCombineElected(stored.Base, stored.Type, stored.Input(_terms[0]), stored.Input(_terms[1]), Elected(0, limits), Elected(1, limits), _combination.Normalize, T.CreateTruncating(_combination.Lambda), type, destination, sums);
    }

    private ElectedTerm<T> Elected(int term, ReadOnlySpan<int> limits) => new(limits[_terms[term]], Scale(_terms[term]), ShareOf(_terms[term]));
}
