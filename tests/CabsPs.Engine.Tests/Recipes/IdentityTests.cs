using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Recipes.Workshop;

namespace CabsPs.Engine.Tests.Recipes;

/// <summary>Merges whose result is known bit for bit.</summary>
public sealed class IdentityTests : IDisposable
{
    private readonly Workshop _workshop = new Workshop().Model("a", 4, Noise(1)).Model("b", 4, Noise(2)).Model("copy", 4, Noise(1));

    [Theory]
    [InlineData("[0, 4]")]
    [InlineData("[0, 1]", "[1, 3]", "[3, 4]")]
    public void A_frankenmerge_of_all_layers_is_the_model(params string[] ranges)
    {
        Checkpoint merged = _workshop.Merge($"merge_method: passthrough\nslices:\n{string.Concat(ranges.Select(r => $"  - sources: [{{model: a, layer_range: {r}}}]\n"))}");
        AssertSame(Checkpoint.Open(_workshop.Path("a")), merged);
        Assert.Equal(File.ReadAllText(_workshop.Path("a", "config.json")), File.ReadAllText(_workshop.Path("merged", "config.json")));
    }

    [Theory]
    [InlineData(0.3, 0.7)]
    [InlineData(1.3, -0.4)]
    [InlineData(0.0, 1.0)]
    [InlineData(1e-3, 7.0)]
    public void Linear_of_equal_models_is_that_model(double first, double second)
    {
        FormattableString recipe = $"merge_method: linear\nmodels: [{{model: a, parameters: {{weight: {first}}}}}, {{model: copy, parameters: {{weight: {second}}}}}]";
        AssertSame(Checkpoint.Open(_workshop.Path("a")), _workshop.Merge(FormattableString.Invariant(recipe)));
    }

    [Fact]
    public void Linear_of_one_weight_is_that_model() =>
        AssertSame(Checkpoint.Open(_workshop.Path("b")), _workshop.Merge("merge_method: linear\nmodels: [{model: a, parameters: {weight: 0}}, {model: b, parameters: {weight: 0.3}}]"));

    [Theory]
    [InlineData(0, "a")]
    [InlineData(1, "b")]
    public void Slerp_ends_in_its_models(int t, string model) =>
        AssertSame(Checkpoint.Open(_workshop.Path(model)), _workshop.Merge($"merge_method: slerp\nbase_model: a\nmodels: [{{model: b}}, {{model: a}}]\nparameters: {{t: {t}}}"));

    [Fact]
    public void Slerp_of_equal_models_is_nearly_that_model()
    {
        Checkpoint merged = _workshop.Merge("merge_method: slerp\nbase_model: a\nmodels: [{model: copy}]\nparameters: {t: 0.3}");
        Assert.All(Checkpoint.Open(_workshop.Path("a")).Tensors, t => Assert.Equal(TensorData.Values(t), TensorData.Values(merged.Find(t.Name)!), (x, y) => Math.Abs(x - y) < 1e-7));
    }

    [Fact]
    public void Slerp_keeps_the_norm_of_equally_long_vectors()
    {
        Checkpoint a = Checkpoint.Open(_workshop.Path("a")), merged = _workshop.Merge("merge_method: slerp\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: 0.5}");
        foreach (TensorInfo tensor in merged.Tensors)
        {
            double[] x = TensorData.Values(a.Find(tensor.Name)!), y = TensorData.Values(Checkpoint.Open(_workshop.Path("b")).Find(tensor.Name)!), z = TensorData.Values(tensor);
            double xx = x.Sum(v => v * v), yy = y.Sum(v => v * v), xy = x.Zip(y, (p, q) => p * q).Sum(), angle = Math.Acos(xy / Math.Sqrt(xx * yy));
            double part = Math.Sin(angle / 2) / Math.Sin(angle);
            Assert.Equal(x.Zip(y, (p, q) => part * (p + q)), z, (p, q) => Math.Abs(p - q) < 1e-6);
        }
    }

    [Fact]
    public void Ties_of_one_model_at_density_one_is_task_arithmetic() => AssertSame(
        _workshop.Merge("merge_method: task_arithmetic\nbase_model: a\nmodels: [{model: b, parameters: {weight: 0.7}}]", "sum"),
        _workshop.Merge("merge_method: ties\nbase_model: a\nmodels: [{model: b, parameters: {weight: 0.7, density: 1}}]\nparameters: {normalize: false}", "ties"));

    [Fact]
    public void Cabs_with_disjoint_masks_is_the_same_however_overlaps_are_treated()
    {
        const string Recipe = "merge_method: cabs\nbase_model: a\nmodels: [{model: b, parameters: {weight: 1.2}}, {model: c, parameters: {weight: -0.9}}]\nparameters: {n: 3, m: 8, overlap: ";
        _workshop.Model("c", 4, Noise(3));
        AssertSame(_workshop.Merge(Recipe + "sum}", "added"), _workshop.Merge(Recipe + "ties}", "elected"));
    }

    [Fact]
    public void The_order_of_keys_does_not_matter()
    {
        Checkpoint first = _workshop.Merge("merge_method: linear\nmodels:\n  - model: a\n    parameters: {weight: 0.3}\n  - parameters: {weight: [0.1, 0.9]}\n    model: b\nparameters: {normalize: true}\ndtype: bfloat16", "first");
        Checkpoint second = _workshop.Merge("dtype: bfloat16\nparameters: {normalize: true}\nmodels:\n  - parameters: {weight: 0.3}\n    model: a\n  - model: b\n    parameters: {weight: [0.1, 0.9]}\nmerge_method: linear", "second");
        AssertSame(first, second);
    }

    [Fact]
    public void Threads_and_pieces_do_not_show()
    {
        const string Recipe = "merge_method: slerp\nbase_model: a\nmodels: [{model: b}]\nparameters: {t: 0.4}";
        AssertSame(_workshop.Merge(Recipe, "one", new MergeOptions { Threads = 1 }), _workshop.Merge(Recipe, "seven", new MergeOptions { Threads = 7, PieceBytes = 4096 }));
    }

    public void Dispose() => _workshop.Dispose();
}
