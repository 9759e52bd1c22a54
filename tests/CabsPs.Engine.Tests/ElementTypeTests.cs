using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Types of tensors: what is merged, copied, refused, and what the result is stored as.</summary>
public sealed class ElementTypeTests
{
    private static readonly float[] s_one = [1];

    [Fact]
    public void Integer_tensors_that_agree_are_copied()
    {
        using var bench = new Workbench();
        byte[] ids = Longs(0, 1, 2);
        bench.Raw("base", ("ids", DType.I64, [3], ids), ("mask", DType.BOOL, [2], [1, 0]), ("w", DType.F32, [1], Floats32(1)));
        bench.Raw("a", ("ids", DType.I64, [3], ids), ("mask", DType.BOOL, [2], [1, 0]), ("w", DType.F32, [1], Floats32(2)));
        Checkpoint merged = bench.Merge(Text("task_arithmetic", "weight: 1", "a") + "dtype: bfloat16\n");
        Assert.Equal(DType.I64, merged.Find("ids")!.Type);
        Assert.Equal(ids, TensorData.Bytes(merged.Find("ids")!));
        Assert.Equal(DType.BOOL, merged.Find("mask")!.Type);
        Assert.Equal([1, 0], TensorData.Bytes(merged.Find("mask")!));
        Assert.Equal(DType.BF16, merged.Find("w")!.Type);
    }

    [Fact]
    public void Integer_tensors_that_differ_are_an_error_with_tensor_file_and_index()
    {
        using var bench = new Workbench();
        bench.Raw("base", ("ids", DType.I64, [4], Longs(0, 1, 2, 3)));
        bench.Raw("a", ("ids", DType.I64, [4], Longs(0, 1, 256, 4)));
        CabsException failure = Fails(CabsError.IntegerTensorDiffers, () => bench.Run(Text("task_arithmetic", "weight: 1", "a")));
        Assert.Equal($"tensor 'ids' is I64 and cannot be merged, and {bench.Path("a", "model.safetensors")} differs from {bench.Path("base", "model.safetensors")} at index 2; exclude it to keep the latter's", failure.Message);
        Checkpoint kept = bench.Merge(Text("task_arithmetic", "weight: 1", "a") + "exclude: [ids]\n");
        Assert.Equal(Longs(0, 1, 2, 3), TensorData.Bytes(kept.Find("ids")!));
    }

    [Fact]
    public void A_tensor_that_is_integer_in_one_model_only_is_an_error()
    {
        using var bench = new Workbench();
        bench.Raw("base", ("w", DType.I32, [1], [0, 0, 0, 0]));
        bench.Raw("a", ("w", DType.F32, [1], Floats32(1)));
        CabsException failure = Fails(CabsError.TensorTypeMismatch, () => bench.Plan(Text("task_arithmetic", "weight: 1", "a")));
        Assert.Contains("tensor 'w' is I32 in ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("but F32 in ", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void A_weight_that_is_no_number_is_an_error_with_tensor_and_first_index(float value, string text)
    {
        using var bench = new Workbench();
        float[] inA = new float[10_000];
        inA[9_000] = inA[5_000] = value;
        bench.Vectors(new float[10_000], inA);
        CabsException failure = Fails(CabsError.NonFiniteInput, () => bench.Run(Cabs("weight: 1", "a")));
        Assert.Equal($"{bench.Path("a", "model.safetensors")}: tensor 'w' holds {text} at index 5000; repair the model, or allow non-finite weights", failure.Message);
    }

    [Theory]
    [InlineData("base")]
    [InlineData("a")]
    public void Infinity_in_half_types_is_found_too(string model)
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F16, ("w", [2], [1, model == "base" ? float.PositiveInfinity : 2]));
        bench.Model("a", DType.BF16, ("w", [2], [1, model == "a" ? float.PositiveInfinity : 2]));
        CabsException failure = Fails(CabsError.NonFiniteInput, () => bench.Run(Cabs("weight: 1", "a")));
        Assert.StartsWith(bench.Path(model), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_lets_them_through()
    {
        using var bench = new Workbench();
        bench.Vectors([1, 1, 1], [2, float.NaN, float.PositiveInfinity]);
        MergeDefinition definition = bench.Read(Text("task_arithmetic", "weight: 1", "a")) with { AllowNonFinite = true };
        Assert.Equal([2, float.NaN, float.PositiveInfinity], Floats(Checkpoint.Open(bench.Run(definition).Path), "w"));
    }

    [Fact]
    public void A_float64_input_is_computed_in_float64()
    {
        // 1 + 2⁻⁴⁰ is not a float32
        double fine = 1 + Math.ScaleB(1, -40);
        using var bench = new Workbench();
        bench.Raw("base", ("w", DType.F32, [1], Floats32(1)));
        bench.Raw("a", ("w", DType.F64, [1], Doubles(fine)));
        TensorInfo merged = bench.Merge(Text("task_arithmetic", "weight: 0.5", "a")).Find("w")!;
        Assert.Equal(DType.F64, merged.Type);
        Assert.Equal([1 + Math.ScaleB(1, -41)], TensorData.Values(merged));
    }

    [Fact]
    public void Float64_is_rounded_to_bfloat16_once()
    {
        // just above the middle of 1 and the next bfloat16: by way of float32 it would become the middle, and then 1
        using var bench = new Workbench();
        bench.Raw("base", ("w", DType.F64, [1], Doubles(0)));
        bench.Raw("a", ("w", DType.F64, [1], Doubles(1 + Math.ScaleB(1, -8) + Math.ScaleB(1, -40))));
        Assert.Equal([1 + Math.ScaleB(1, -7)], TensorData.Values(bench.Merge(Text("task_arithmetic", "weight: 1", "a") + "dtype: bfloat16\n").Find("w")!));
    }

    [Fact]
    public void Half_types_are_computed_in_float32_and_rounded_once()
    {
        // in bfloat16 after each step: 1 + 2⁻⁸ + 2⁻⁸ = 1 (each half a unit, to even); in float32 the sum is a unit
        float half = MathF.ScaleB(1, -8);
        using var bench = new Workbench();
        bench.Model("base", DType.BF16, ("w", [1], s_one));
        bench.Model("a", DType.F32, ("w", [1], [1 + half]));
        bench.Model("b", DType.F32, ("w", [1], [1 + half]));
        Assert.Equal([1 + (2 * (double)half)], TensorData.Values(bench.Merge(Text("task_arithmetic", "weight: 1", "a", "b") + "dtype: bfloat16\n").Find("w")!));
    }

    [Fact]
    public void Without_dtype_each_tensor_gets_the_promoted_type_and_the_config_the_commonest()
    {
        using var bench = new Workbench();
        bench.Raw("base", ("half", DType.BF16, [10], new byte[20]), ("mixed", DType.BF16, [4], new byte[8]), ("copied", DType.F16, [2], new byte[4]));
        bench.Raw("a", ("half", DType.BF16, [10], new byte[20]), ("mixed", DType.F16, [4], new byte[8]), ("copied", DType.F32, [2], new byte[8]));
        bench.Write("{\"torch_dtype\": \"float32\"}", "base", "config.json");
        Checkpoint merged = bench.Merge(Text("task_arithmetic", "weight: 1", "a") + "exclude: copied\n");
        Assert.Equal([("copied", DType.F16), ("half", DType.BF16), ("mixed", DType.F32)], merged.Tensors.Select(t => (t.Name, t.Type)));
        Assert.Equal("{\"torch_dtype\": \"bfloat16\"}", File.ReadAllText(Path.Combine(merged.Path, "config.json")));
    }

    [Fact]
    public void Dtype_applies_to_copied_tensors_too_and_out_dtype_wins()
    {
        using var bench = new Workbench();
        bench.Model("base", ("w", s_one), ("kept", [1.00390625f]));
        bench.Model("a", ("w", [2]), ("kept", [5]));
        Checkpoint merged = bench.Merge(Text("task_arithmetic", "weight: 1", "a") + "exclude: kept\ndtype: float32\nout_dtype: bfloat16\n");
        Assert.All(merged.Tensors, t => Assert.Equal(DType.BF16, t.Type));
        // 1 + 2⁻⁸ is halfway between two bfloat16: to even
        Assert.Equal([1.0], TensorData.Values(merged.Find("kept")!));
    }

    [Fact]
    public void Scalars_and_empty_tensors_go_through()
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("scalar", [], s_one), ("empty", [0, 5], []));
        bench.Model("a", DType.F32, ("scalar", [], [4]), ("empty", [0, 5], []));
        Checkpoint merged = bench.Merge(Cabs("weight: auto, n: 1, m: 1, assignment: joint", "a"), new MergeOptions { Threads = 9 });
        Assert.Empty(merged.Find("scalar")!.Shape);
        Assert.Equal([4], Floats(merged, "scalar"));
        Assert.Equal([0L, 5L], merged.Find("empty")!.Shape);
    }

    private static byte[] Longs(params long[] values) => MemoryMarshal.AsBytes<long>(values).ToArray();

    private static byte[] Doubles(params double[] values) => MemoryMarshal.AsBytes<double>(values).ToArray();

    private static byte[] Floats32(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
