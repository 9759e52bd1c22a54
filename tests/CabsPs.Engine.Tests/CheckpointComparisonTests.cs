using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Engine.Tests;

public sealed class CheckpointComparisonTests
{
    [Fact]
    public void Figures_of_a_tensor_longer_than_a_piece()
    {
        const int Length = 100_003;
        float[] a = new float[Length], b = new float[Length];
        (b[0], b[70_000], b[Length - 1]) = (0.25f, -1.5f, 0.5f);
        DifferenceFigures figures = Compare(DType.F32, Bytes(a), DType.F32, Bytes(b)).Figures!;
        Assert.Equal(new DifferenceFigures(Length, 3, 1.5, 2.25), figures);
        Assert.Equal(2.25 / Length, figures.Mean);
    }

    [Fact]
    public void Threads_do_not_change_the_result()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        foreach (string name in new[] { "a", "b" })
            TensorData.Write(folder.Path(name + ".safetensors"), DType.F32, [.. Enumerable.Range(0, 9).Select(i => ($"t{i}", new long[] { 50_000 }, Enumerable.Range(0, 50_000).Select(_ => random.NextSingle()).ToArray()))]);
        ComparisonResult one = Run(folder, 1), many = Run(folder, 7);
        Assert.Equal(one.Tensors.Select(t => (t.Name, t.Figures)), many.Tensors.Select(t => (t.Name, t.Figures)));
        Assert.Equal(one.Total, many.Total);
        Assert.Equal(450_000, one.Total.Count);
    }

    [Fact]
    public void Nan_equals_the_same_nan_only()
    {
        byte[] quiet = Bytes([float.NaN, 1f]), number = Bytes([2f, 1f]), other = Bytes([float.NaN, 2f]), payload = Bytes([BitConverter.UInt32BitsToSingle(0x7FC00001), 2f]);
        Assert.Equal(DifferenceKind.Equal, Compare(DType.F32, quiet, DType.F32, quiet).Kind);
        Assert.Equal(new DifferenceFigures(2, 1, double.PositiveInfinity, double.PositiveInfinity), Compare(DType.F32, quiet, DType.F32, number).Figures);
        Assert.Equal(new DifferenceFigures(2, 1, 1, 1), Compare(DType.F32, quiet, DType.F32, other).Figures);
        Assert.Equal(new DifferenceFigures(2, 1, double.PositiveInfinity, double.PositiveInfinity), Compare(DType.F32, other, DType.F32, payload).Figures);
    }

    [Fact]
    public void Infinities_and_zeros()
    {
        Assert.Equal(new DifferenceFigures(3, 0, 0, 0), Compare(DType.F32, Bytes([float.PositiveInfinity, 0f, 1f]), DType.F32, Bytes([float.PositiveInfinity, -0f, 1f])).Figures);
        Assert.Equal(double.PositiveInfinity, Compare(DType.F32, Bytes([float.PositiveInfinity]), DType.F32, Bytes([float.NegativeInfinity])).Figures!.Maximum);
    }

    [Fact]
    public void Long_integers_are_compared_exactly()
    {
        byte[] a = new byte[16], b = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(a, long.MaxValue);
        BinaryPrimitives.WriteInt64LittleEndian(b, long.MaxValue - 1);
        BinaryPrimitives.WriteInt64LittleEndian(a.AsSpan(8), long.MinValue);
        BinaryPrimitives.WriteInt64LittleEndian(b.AsSpan(8), long.MinValue);
        Assert.Equal(new DifferenceFigures(2, 1, 1, 1), Compare(DType.I64, a, DType.I64, b).Figures);
        Assert.Equal(2, Compare(DType.I64, a, DType.U64, b).Figures!.Changed);
    }

    [Theory]
    [InlineData(DType.I32, new byte[] { 0xFE, 0xFF, 0xFF, 0xFF }, -2f)]
    [InlineData(DType.U32, new byte[] { 0, 0, 0, 0x80 }, 2147483648f)]
    [InlineData(DType.I16, new byte[] { 0xFE, 0xFF }, -2f)]
    [InlineData(DType.U16, new byte[] { 0xFE, 0xFF }, 65534f)]
    [InlineData(DType.I8, new byte[] { 0x80 }, -128f)]
    [InlineData(DType.U8, new byte[] { 200 }, 200f)]
    [InlineData(DType.BOOL, new byte[] { 1 }, 1f)]
    [InlineData(DType.F16, new byte[] { 0x00, 0xC1 }, -2.5f)]
    [InlineData(DType.BF16, new byte[] { 0x20, 0xC0 }, -2.5f)]
    [InlineData(DType.F64, new byte[] { 0, 0, 0, 0, 0, 0, 0x04, 0xC0 }, -2.5f)]
    [InlineData(DType.F8_E4M3, new byte[] { 0x7E }, 448f)]
    [InlineData(DType.F8_E4M3, new byte[] { 0x81 }, -0.001953125f)]
    [InlineData(DType.F8_E4M3, new byte[] { 0x38 }, 1f)]
    [InlineData(DType.F8_E4M3FNUZ, new byte[] { 0x7F }, 240f)]
    [InlineData(DType.F8_E4M3FNUZ, new byte[] { 0x81 }, -0.0009765625f)]
    [InlineData(DType.F8_E4M3FNUZ, new byte[] { 0x40 }, 1f)]
    [InlineData(DType.F8_E5M2FNUZ, new byte[] { 0x7F }, 57344f)]
    [InlineData(DType.F8_E5M2FNUZ, new byte[] { 0x81 }, -0.00000762939453125f)]
    [InlineData(DType.F8_E5M2FNUZ, new byte[] { 0x40 }, 1f)]
    [InlineData(DType.F8_E5M2, new byte[] { 0x7B }, 57344f)]
    [InlineData(DType.F8_E8M0, new byte[] { 0x80 }, 2f)]
    public void Every_type_has_its_values(DType type, byte[] stored, float value)
    {
        TensorDifference difference = Compare(type, stored, DType.F32, Bytes([value]));
        Assert.Equal(DifferenceKind.Equal, difference.Kind);
        Assert.True(difference.TypesDiffer);
        Assert.Equal(1, Compare(type, stored, DType.F32, Bytes([value + (Math.Abs(value) / 4)])).Figures!.Changed);
    }

    [Fact]
    public void Complex_values_are_compared_with_each_other_only()
    {
        Assert.Equal(new DifferenceFigures(2, 1, 3, 3), Compare(DType.C64, Bytes([1f, 2f]), DType.C64, Bytes([1f, 5f])).Figures);
        Assert.Equal(DifferenceKind.Type, Compare(DType.C64, Bytes([1f, 2f]), DType.F32, Bytes([1f])).Kind);
    }

    [Fact]
    public void Shapes_and_absent_tensors_differ()
    {
        using var folder = new TemporaryFolder();
        TensorData.Write(folder.Path("a.safetensors"), DType.F32, ("left", [1], [1f]), ("w", [2, 3], new float[6]));
        TensorData.Write(folder.Path("b.safetensors"), DType.F32, ("right", [1], [1f]), ("w", [3, 2], new float[6]));
        ComparisonResult result = Run(folder, 1);
        Assert.False(result.AreEqual);
        Assert.Equal([DifferenceKind.OnlyInFirst, DifferenceKind.OnlyInSecond, DifferenceKind.Shape], result.Tensors.Select(t => t.Kind));
        Assert.Equal(DifferenceFigures.None, result.Total);
    }

    [Fact]
    public void Cancelling_stops_it()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "a", "b" })
            TensorData.Write(folder.Path(name + ".safetensors"), DType.F32, ("w", [1], [1f]));
        var comparison = new CheckpointComparison(Checkpoint.Open(folder.Path("a.safetensors")), Checkpoint.Open(folder.Path("b.safetensors")));
        Assert.ThrowsAny<OperationCanceledException>(() => comparison.Execute(2, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void File_cut_after_its_header_was_read_is_named()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "a", "b" })
            TensorData.Write(folder.Path(name + ".safetensors"), DType.F32, ("w", [100], new float[100]));
        var comparison = new CheckpointComparison(Checkpoint.Open(folder.Path("a.safetensors")), Checkpoint.Open(folder.Path("b.safetensors")));
        using (FileStream file = File.OpenWrite(folder.Path("b.safetensors")))
            file.SetLength(file.Length - 4);
        CabsException failure = Assert.Throws<CabsException>(() => comparison.Execute(2));
        Assert.Equal(CabsError.FileTruncated, failure.Error);
        Assert.Contains("b.safetensors", failure.Message);
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static TensorDifference Compare(DType typeA, byte[] a, DType typeB, byte[] b)
    {
        using var folder = new TemporaryFolder();
        TensorData.WriteRaw(folder.Path("a.safetensors"), ("w", typeA, [a.Length / typeA.Size()], a));
        TensorData.WriteRaw(folder.Path("b.safetensors"), ("w", typeB, [b.Length / typeB.Size()], b));
        return Assert.Single(Run(folder, 1).Tensors);
    }

    private static ComparisonResult Run(TemporaryFolder folder, int threads) =>
        new CheckpointComparison(Checkpoint.Open(folder.Path("a.safetensors")), Checkpoint.Open(folder.Path("b.safetensors"))).Execute(threads);
}
