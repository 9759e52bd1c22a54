using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;
using CabsPs.Engine.TaskVectors.Files;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>A task vector that went through a file merges to the bytes that its models give.</summary>
public sealed class VectorFileTests : IDisposable
{
    private static readonly string s_models = Path.Combine(GoldenCases.FolderOf("golden"), "models");
    private static readonly MergeMethod s_sum = MethodCatalog.Get("task_arithmetic");
    private readonly Workbench _bench = new();
    private int _count;

    public static TheoryData<string, string, string> Sparsified()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string suffix in (string[])["", "-bf16"])
        {
            foreach ((string sparsifier, string parameters) in ((string, string)[])[("none", ""), ("cabs", "n=16 m=64"), ("cabs", "n=30 m=100 tail=keep"), ("cabs", "n=24 m=64 assignment=joint"), ("magnitude", "density=0.3"), ("magnitude", "density=0.3 scope=model"), ("random", "density=0.4"), ("della", "density=0.4 epsilon=0.1"), ("outliers", "density=0.5 gamma=0.05")])
                data.Add(suffix, sparsifier, parameters);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sparsified))]
    public void Merges_to_the_same_bytes(string suffix, string sparsifier, string parameters)
    {
        IReadOnlyList<TaskVector> vectors = Vectors(suffix, sparsifier, parameters);
        foreach (bool packed in (bool[])[false, true])
        {
            TaskVector[] stored = [.. vectors.Select(v => Import(Export(v, packed, threads: packed ? 3 : 1), v.BasePath))];
            Assert.Equal(vectors.Select(v => v.Name), stored.Select(v => v.Name));
            Assert.Equal(vectors.Select(v => v.Weight), stored.Select(v => v.Weight));
            Assert.Equal(vectors.Select(Describe), stored.Select(Describe));
            AssertSame(Merge(vectors), Merge(stored));
            // what is left of a group has the group's masks, and one vector may come from its file and the others from their models
            AssertSame(Merge([vectors[1]]), Merge([stored[1]]));
            AssertSame(Merge([vectors[0], vectors[2]]), Merge([stored[0], vectors[2]]));
            // the norm that sparsification took is known to the file
            AssertSame(Merge([.. vectors.Select(v => v with { Weight = null })]), Merge([.. stored.Select(v => v with { Weight = null })]));
            AssertSame(Merge(vectors, ("overlap", "ties")), Merge(stored, ("overlap", "ties")));
            // and a file of a file is the same file
            Assert.Equal(File.ReadAllBytes(stored[0].ModelPath), File.ReadAllBytes(Export(stored[0], packed)));
        }
    }

    [Theory]
    [InlineData("ties", "density=0.4")]
    [InlineData("dare_linear", "density=0.4")]
    [InlineData("breadcrumbs", "density=0.5 gamma=0.02")]
    [InlineData("cabs", "n=16 m=64 assignment=joint")]
    [InlineData("magmax", "")]
    [InlineData("model_stock", "")]
    [InlineData("sce", "select_topk=0.5")]
    [InlineData("pcb", "pcb_ratio=0.3")]
    [InlineData("emr", "")]
    public void Dense_files_go_through_other_methods(string method, string parameters)
    {
        MergeMethod found = MethodCatalog.Get(method);
        ParameterSet given = found.ParametersOf(Values(parameters));
        IReadOnlyList<TaskVector> vectors = Vectors("", "none", "");
        TaskVector[] stored = [.. vectors.Select(v => Import(Export(v, packed: v.Name == "code"), v.BasePath))];
        AssertSame(Open(TaskVector.Define(vectors, found, given)), Open(TaskVector.Define(stored, found, given)));
        // sparsified after they were stored
        if (method == "cabs")
            AssertSame(Merge(TaskVector.Sparsify(vectors, CabsSparsifier.Instance, given)), Merge(TaskVector.Sparsify(stored, CabsSparsifier.Instance, given)));
    }

    [Fact]
    public void A_dense_file_stands_for_its_model_in_a_recipe()
    {
        IReadOnlyList<TaskVector> vectors = Vectors("", "none", "");
        string file = Export(vectors[0], packed: true), model = vectors[0].ModelPath;
        string Text(string first) => $"merge_method: task_arithmetic\nbase_model: {vectors[0].BasePath}\nmodels:\n  - {{model: {first}, parameters: {{weight: 0.5}}}}\n  - {{model: {vectors[1].ModelPath}, parameters: {{weight: 0.25}}}}\n";
        AssertSame(_bench.Merge(Text(model)), _bench.Merge(Text(file)));
    }

    [Fact]
    public void What_is_packed_can_be_read_by_hand()
    {
        // deltas 1, 0, 0, -2, 0, 0, 0, 0, 0, 4; of each two the larger is kept where it is not zero
        _bench.Model("base", ("w", [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]));
        _bench.Model("a", ("w", [2, 1, 1, -1, 1, 1, 1, 1, 1, 5]));
        TaskVector vector = TaskVector.Sparsify(TaskVector.Create(_bench.Path("base"), [_bench.Path("a")]), CabsSparsifier.Instance, CabsSparsifier.Instance.ParametersOf(("n", 1), ("m", 2)))[0];
        string path = Export(vector, packed: true);
        Checkpoint raw = Checkpoint.Open(path);
        Assert.Equal(["w.mask", "w.ranks", "w.values"], raw.Tensors.Select(t => t.Name));
        Assert.Equal([0b00001001, 0b00000010], TensorData.Bytes(raw.Find("w.mask")!));
        Assert.Equal([1f, -2f, 4f], MemoryMarshal.Cast<byte, float>(TensorData.Bytes(raw.Find("w.values")!)).ToArray());
        Assert.Equal([0L], MemoryMarshal.Cast<byte, long>(TensorData.Bytes(raw.Find("w.ranks")!)).ToArray());
        VectorTensor tensor = VectorFile.Open(path).Tensors["w"];
        Assert.Equal((3, 21.0, 2), (tensor.Kept, tensor.Energy, tensor.Block));
        // the dense file holds the deltas themselves
        Assert.Equal([1f, 0, 0, -2, 0, 0, 0, 0, 0, 4], Floats(Checkpoint.Open(Export(vector, packed: false)), "w"));
    }

    [Fact]
    public void Long_tensors_are_packed_across_chunks_the_same_on_any_number_of_threads()
    {
        int length = (3 * StoredDelta.ChunkLength) + 77;
        _bench.Vectors(Samples.Normal(1, length), Samples.Normal(2, length), Samples.Normal(3, length));
        // blocks of 100 begin at no whole byte of the mask
        IReadOnlyList<TaskVector> vectors = TaskVector.Sparsify(TaskVector.Create(_bench.Path("base"), [_bench.Path("a"), _bench.Path("b")]), CabsSparsifier.Instance, CabsSparsifier.Instance.ParametersOf(("n", 7), ("m", 100)));
        string one = Export(vectors[1], packed: true, threads: 1), four = Export(vectors[1], packed: true, threads: 4, piece: 4096);
        Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(four));
        AssertSame(Merge(vectors), Merge([vectors[0], Import(four, vectors[1].BasePath)]));
        long dense = new FileInfo(Export(vectors[1], packed: false)).Length;
        Assert.InRange(new FileInfo(one).Length, dense / 14, dense / 7);
    }

    [Fact]
    public void Half_and_double_and_integer_tensors_keep_their_types()
    {
        byte[] doubles = [.. new[] { 0.1, 0.2, 0.3 }.SelectMany(BitConverter.GetBytes)], others = [.. new[] { 0.5, 0.25, 1e-9 }.SelectMany(BitConverter.GetBytes)];
        byte[] halves = [.. new[] { (Half)1, (Half)2 }.SelectMany(BitConverter.GetBytes)], moved = [.. new[] { (Half)1.5, (Half)2.25 }.SelectMany(BitConverter.GetBytes)];
        byte[] ids = [.. new long[] { 0, 1, 2 }.SelectMany(BitConverter.GetBytes)];
        _bench.Raw("base", ("d", DType.F64, [3], doubles), ("h", DType.F16, [2], halves), ("ids", DType.I64, [3], ids));
        _bench.Raw("a", ("d", DType.F64, [3], others), ("h", DType.F16, [2], moved), ("ids", DType.I64, [3], ids), ("head", DType.F16, [2], moved));
        TaskVector vector = TaskVector.Create(_bench.Path("base"), [_bench.Path("a")])[0] with { Weight = 0.7 };
        TaskVector stored = Import(Export(vector, packed: true), vector.BasePath);
        Checkpoint merged = Merge([stored]);
        AssertSame(Merge([vector]), merged);
        Assert.Equal([DType.F64, DType.F16, DType.I64], merged.Tensors.Select(t => t.Type));
    }

    [Fact]
    public void A_tensor_that_the_model_lacks_is_missing_from_its_file_too()
    {
        _bench.Model("base", ("v", [1, 2]), ("w", [1, 2]));
        _bench.Model("a", ("w", [2, 4]));
        TaskVector vector = TaskVector.Create(_bench.Path("base"), [_bench.Path("a")])[0];
        TaskVector stored = Import(Export(vector, packed: false), vector.BasePath);
        Fails(CabsError.TensorMissing, () => Merge([stored]));
        Checkpoint merged = Checkpoint.Open(_bench.Run(TaskVector.Define([stored], s_sum, ParameterSet.Empty) with { SkipMissing = true }).Path);
        AssertSameBits([1, 2], Floats(merged, "v"));
        AssertSameBits([2, 4], Floats(merged, "w"));
    }

    [Fact]
    public void Another_base_is_refused()
    {
        _bench.Vectors(Samples.Normal(1, 500), Samples.Normal(2, 500));
        float[] other = Samples.Normal(1, 500);
        other[0] += 1;
        _bench.Model("other", ("w", other));
        string file = Export(TaskVector.Create(_bench.Path("base"), [_bench.Path("a")])[0], packed: true);
        CabsException failure = Fails(CabsError.BaseMismatch, () => Import(file, _bench.Path("other")));
        Assert.Contains("other", failure.Message, StringComparison.Ordinal);
        // and a base that was exchanged after the import
        TaskVector vector = Import(file, _bench.Path("base"));
        _bench.Model("base", ("w", other));
        Fails(CabsError.BaseMismatch, () => Merge([vector]));
    }

    [Fact]
    public void A_method_that_computes_with_whole_models_is_refused()
    {
        IReadOnlyList<TaskVector> vectors = Vectors("", "none", "");
        TaskVector stored = Import(Export(vectors[0], packed: false), vectors[0].BasePath);
        CabsException failure = Fails(CabsError.MethodNeedsModels, () => _bench.Run(TaskVector.Define([stored], MethodCatalog.Get("slerp"), MethodCatalog.Get("slerp").ParametersOf(("t", 0.5)))));
        Assert.Contains("differences alone", failure.Message, StringComparison.Ordinal);
        Fails(CabsError.MethodNeedsModels, () => _bench.Run($"merge_method: linear\nmodels:\n  - {{model: {stored.ModelPath}, parameters: {{weight: 1}}}}\n"));
        TaskVector sparse = Import(Export(Vectors("", "cabs", "n=1 m=4")[0], packed: true), stored.BasePath);
        Fails(CabsError.AlreadySparsified, () => _bench.Run($"merge_method: task_arithmetic\nbase_model: {sparse.BasePath}\nmodels:\n  - {{model: {sparse.ModelPath}, parameters: {{weight: 1}}}}\n"));
    }

    [Theory]
    [InlineData("values", "keeps more weights than are stored")]
    [InlineData("metadata", "metadata")]
    [InlineData("none", "not a task vector")]
    public void A_file_that_contradicts_itself_is_refused(string what, string part)
    {
        _bench.Vectors([0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 2, 0, 3, 0, 0, 0]);
        string file = Export(TaskVector.Create(_bench.Path("base"), [_bench.Path("a")])[0], packed: true);
        byte[] bytes = File.ReadAllBytes(file);
        TensorInfo mask = Checkpoint.Open(file).Find("w.mask")!;
        switch (what)
        {
            case "values":
                bytes[mask.Offset] = 0xFF;
                break;
            case "metadata":
                Replace(bytes, "\\u0022kept\\u0022", "\\u0022kepd\\u0022");
                Replace(bytes, "\\\"kept\\\"", "\\\"kepd\\\"");
                break;
            default:
                Replace(bytes, VectorFile.MetadataKey, "some_task_vector");
                break;
        }

        File.WriteAllBytes(file, bytes);
        CabsException failure = Fails(CabsError.VectorInvalid, () => Merge([Import(file, _bench.Path("base"))]));
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_export_leaves_nothing_and_a_finished_one_is_replaced_only_when_asked()
    {
        IReadOnlyList<TaskVector> vectors = Vectors("", "cabs", "n=16 m=64");
        VectorExport export = VectorExport.Prepare(vectors[0], new VectorExportSettings { Packed = true }, new MergeOptions());
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => export.Execute(_bench.Path("out", "v.safetensors"), cancel.Token));
        Assert.False(Directory.Exists(_bench.Path("out")) && Directory.EnumerateFileSystemEntries(_bench.Path("out")).Any());
        string file = Export(vectors[0], packed: true);
        byte[] before = File.ReadAllBytes(file);
        Fails(CabsError.OutputNotEmpty, () => VectorExport.Prepare(vectors[0], new VectorExportSettings(), new MergeOptions()).Execute(file));
        Assert.Equal(before, File.ReadAllBytes(file));
        VectorExport.Prepare(vectors[0], new VectorExportSettings(), new MergeOptions { Force = true }).Execute(file);
        Assert.False(VectorFile.Open(file).IsPacked);
        Fails(CabsError.OutputIsFile, () => VectorExport.Prepare(vectors[0], new VectorExportSettings(), new MergeOptions { Force = true }).Execute(_bench.Path()));
        Fails(CabsError.OutputIsInput, () => VectorExport.Prepare(vectors[0], new VectorExportSettings(), new MergeOptions { Force = true }).Execute(Path.Combine(vectors[0].ModelPath, "model.safetensors")));
    }

    public void Dispose() => _bench.Dispose();

    private static IReadOnlyList<TaskVector> Vectors(string suffix, string sparsifier, string parameters)
    {
        double?[] weights = [0.7, 1, -0.3];
        TaskVector[] dense = [.. TaskVector.Create(Path.Combine(s_models, $"base{suffix}"), [.. ((string[])["math", "code", "law"]).Select(m => Path.Combine(s_models, m + suffix))]).Select((v, i) => v with { Weight = weights[i] })];
        return sparsifier == "none" ? dense : TaskVector.Sparsify(dense, SparsifierCatalog.Get(sparsifier), SparsifierCatalog.Get(sparsifier).ParametersOf(Values(parameters)));
    }

    private static IEnumerable<(string, object)> Values(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')).Select(p => (p[0], (object)p[1]));

    private static string? Describe(TaskVector vector) => vector.Group is { } group ? group.Sparsifier.Describe(group.Parameters) : null;

    private string Export(TaskVector vector, bool packed, int threads = 2, int piece = MergeOptions.DefaultPieceBytes)
    {
        string path = _bench.Path("vectors", $"{++_count}.safetensors");
        VectorFile file = VectorExport.Prepare(vector, new VectorExportSettings { Packed = packed }, new MergeOptions { Threads = threads, PieceBytes = piece }).Execute(path);
        Assert.Equal(packed, file.IsPacked);
        return path;
    }

    private static TaskVector Import(string file, string origin) => TaskVector.Import(VectorFile.Open(file), Checkpoint.Open(origin));

    private Checkpoint Merge(IReadOnlyList<TaskVector> vectors, params (string, object)[] parameters) =>
        Open(TaskVector.Define(vectors, s_sum, ParameterSet.Of([("lambda", 0.9), .. parameters])));

    private Checkpoint Open(MergeDefinition definition) => Checkpoint.Open(_bench.Run(definition).Path);

    private static void AssertSame(Checkpoint expected, Checkpoint actual)
    {
        Assert.NotEmpty(expected.Tensors);
        Assert.Equal(expected.Tensors.Select(t => (t.Name, t.Type, t.ShapeText)), actual.Tensors.Select(t => (t.Name, t.Type, t.ShapeText)));
        foreach (TensorInfo tensor in expected.Tensors)
            Assert.True(TensorData.Bytes(tensor).AsSpan().SequenceEqual(TensorData.Bytes(actual.Find(tensor.Name)!)), tensor.Name);
    }

    private static void Replace(byte[] bytes, string from, string to)
    {
        int at = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(from));
        if (at >= 0)
            System.Text.Encoding.UTF8.GetBytes(to).CopyTo(bytes, at);
    }
}
