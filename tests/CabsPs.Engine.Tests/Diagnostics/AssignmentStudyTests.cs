using System.Text.Json;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Diagnostics;

/// <summary>A study says in one reading what one measurement per setting says.</summary>
public sealed class AssignmentStudyTests
{
    [Fact]
    public void Every_row_is_a_measurement_of_its_recipe()
    {
        using Workbench bench = Models(3);
        StudyResult found = Study(bench, new StudyOptions { Shapes = [new(40, 64), new(25, 100)] }, "a", "b", "c");
        Assert.Equal(["a", "b", "c"], found.Vectors);
        Assert.Equal(2 * (1 + 1 + 6), found.Rows.Count);
        Assert.Equal(16, found.Rows.Select(r => (r.Assignment, r.N, string.Join(' ', r.Order))).Distinct().Count());
        foreach (StudyRow row in found.Rows)
        {
            MeasureResult alone = TaskVectorMeasurement.Create(bench.Read(Cabs($"n: {row.N}, m: {row.M}, assignment: {row.Assignment}", [.. row.Order])), new MergeOptions()).Execute();
            for (int v = 0; v < 3; v++)
            {
                MeasuredVector own = alone.Total.Vectors.Single(x => x.Name == found.Vectors[v]);
                Assert.Equal(own.NormKept, row.NormKept[v], 1e-12);
                Assert.Equal(own.Density, row.Density[v], 1e-15);
            }

            foreach (StudyPair pair in row.Pairs)
                Assert.Equal(pair.Shared, alone.Total.Pairs.Single(p => new[] { p.First, p.Second }.Order().SequenceEqual([pair.First, pair.Second])).Shared);
        }
    }

    [Fact]
    public void The_golden_norms_come_out_and_the_order_effect_is_their_range()
    {
        string folder = GoldenCases.FolderOf("golden");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "diagnostics.json")));
        string[] order = ["math", "code", "chat", "law"];
        var vectors = CabsPs.Engine.TaskVectors.TaskVector.Create(Path.Combine(folder, "models", "base"), [.. order.Select(n => Path.Combine(folder, "models", n))]);
        MergeDefinition definition = CabsPs.Engine.TaskVectors.TaskVector.Define(vectors, MethodCatalog.Get("task_arithmetic"), ParameterSet.Empty);
        StudyResult found = AssignmentStudy.Create(definition, new StudyOptions { Shapes = [new(64, 256), new(16, 64)] }, new MergeOptions()).Execute();
        foreach ((string entry, int m) in new[] { ("cabs_64_256", 256), ("cabs_16_64", 64) })
        {
            StudyRow row = found.Rows.Single(r => r.Assignment == "sequential" && r.M == m && r.Order.SequenceEqual(order));
            double[] expected = [.. golden.RootElement.GetProperty(entry).GetProperty("norm_kept").EnumerateArray().Select(e => e.GetDouble())];
            Assert.All(expected.Index(), e => Assert.Equal(e.Item, row.NormKept[e.Index], 1e-12));
            OrderEffect first = found.OrderEffects.Single(e => e.Vector == "math" && e.M == m);
            // with a quarter each, the first of four keeps most and the last least
            Assert.Equal(expected[0], first.Most, 1e-12);
            Assert.Equal(found.Rows.Where(r => r.Assignment == "sequential" && r.M == m && r.Order[^1] == "math").Min(r => r.NormKept[0]), first.Least);
            Assert.Equal(24, first.Orders);
            Assert.True(first.Joint > first.Least && first.Joint < first.Most);
            Assert.Equal(0, row.MeanJaccard);
        }
    }

    [Fact]
    public void Many_orders_are_sampled_without_repetition_and_the_same_for_a_seed()
    {
        IReadOnlyList<int[]> orders = AssignmentOrders.Choose(6, 30, 4);
        Assert.Equal(30, orders.Select(o => string.Join(' ', o)).Distinct().Count());
        Assert.All(orders, o => Assert.Equal([0, 1, 2, 3, 4, 5], o.Order()));
        Assert.Equal([0, 1, 2, 3, 4, 5], orders[0]);
        Assert.Equal([5, 4, 3, 2, 1, 0], orders[1]);
        Assert.Equal(orders.SelectMany(o => o), AssignmentOrders.Choose(6, 30, 4).SelectMany(o => o));
        Assert.NotEqual(orders.SelectMany(o => o), AssignmentOrders.Choose(6, 30, 5).SelectMany(o => o));
        Assert.Equal(720, AssignmentOrders.Choose(6, 1000, 4).Select(o => string.Join(' ', o)).Distinct().Count());
    }

    [Theory]
    [InlineData("64:256", 64, 256)]
    [InlineData("0.1:256", 26, 256)]
    [InlineData(".75:32", 24, 32)]
    public void Shapes_are_read(string text, int n, int m)
    {
        Assert.True(BlockShape.TryParse(text, out BlockShape shape));
        Assert.Equal(new BlockShape(n, m), shape);
    }

    [Theory]
    [InlineData("64")]
    [InlineData("0:256")]
    [InlineData("300:256")]
    [InlineData("1:0")]
    [InlineData("-1:4")]
    [InlineData("a:b")]
    public void Wrong_shapes_are_not_read(string text) => Assert.False(BlockShape.TryParse(text, out _));

    [Fact]
    public void Models_are_read_once_and_once_more_for_joint()
    {
        using Workbench bench = Models(2);
        Assert.Equal(3 * 4 * 5000, Study(bench, new StudyOptions { Assignments = ["none", "sequential"] }, "a", "b").BytesRead);
        Assert.Equal(2 * 3 * 4 * 5000, Study(bench, new StudyOptions(), "a", "b").BytesRead);
    }

    private static StudyResult Study(Workbench bench, StudyOptions options, params string[] models) =>
        AssignmentStudy.Create(bench.Read(Text("task_arithmetic", "weight: 1", models)), options, new MergeOptions()).Execute();

    private static Workbench Models(int count)
    {
        var bench = new Workbench();
        bench.Vectors(Samples.Normal(1, 5000), [.. Enumerable.Range(2, count).Select(s => Samples.Normal(s, 5000))]);
        return bench;
    }
}
