using CabsPs.Engine.Merging.Methods;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Merging;

/// <summary>All merge methods. A new one is a file under Methods and a line here.</summary>
public static class MethodCatalog
{
    /// <summary>The methods, in the order they are listed to users.</summary>
    public static IReadOnlyList<MergeMethod> All { get; } =
    [
        new Cabs(),
        new TaskArithmetic(),
        new Ties(),
        new DareLinear(),
        new DareTies(),
        new Della(),
        new DellaLinear(),
        new Breadcrumbs(),
        new BreadcrumbsTies(),
        new TallMask(),
        new ConsensusTa(),
        new Emr(),
        new Pcb(),
        new MagMax(),
        new Tatr(),
        new Widen(),
        new TsvM(),
        new IsoC(),
        new IsoCts(),
        new KnotsTies(),
        new KnotsTa(),
        new Wudi(),
        new Opcm(),
        new DogeTa(),
        new Fisher(),
        new RegMean(),
        new Ota(),
        new Ffg(),
        new Linear(),
        new Slerp(),
        new NuSlerp(),
        new MultiSlerp(),
        new Karcher(),
        new ModelStock(),
        new Sce(),
        new Ram(),
        new RamPlus(),
        new NearSwap(),
        new ArceeFusion(),
        new LayerSwap(),
        new Passthrough(),
    ];

    /// <summary>The method of this name, or null.</summary>
    public static MergeMethod? Find(string name) => All.FirstOrDefault(m => m.Name == name);

    /// <summary>The method of this name.</summary>
    /// <exception cref="CabsException">There is none.</exception>
    public static MergeMethod Get(string name) => Find(name) ?? throw new CabsException(CabsError.MethodUnknown, Unknown(name), name);

    /// <summary>What to say of a name that is no method.</summary>
    internal static string Unknown(string name) =>
        $"unknown method {Text.Quote(name)}{Suggestion.Hint(name, All.Select(m => m.Name))} (known: {string.Join(", ", All.Select(m => m.Name))})";
}
