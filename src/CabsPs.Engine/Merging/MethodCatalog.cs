using CabsPs.Engine.Merging.Methods;

namespace CabsPs.Engine.Merging;

/// <summary>All merge methods. A new one is a file under Methods and a line here.</summary>
public static class MethodCatalog
{
    /// <summary>The methods, in the order they are listed to users.</summary>
    public static IReadOnlyList<MergeMethod> All { get; } =
    [
        new Cabs(),
        new TaskArithmetic(),
    ];

    /// <summary>The method of this name, or null.</summary>
    public static MergeMethod? Find(string name) => All.FirstOrDefault(m => m.Name == name);
}
