using System.Collections;
using System.Management.Automation;

namespace CabsPs.Commands;

/// <summary>Reads a hashtable of parameters as a recipe has them.</summary>
internal static class RecipeParameters
{
    public static IEnumerable<(string Name, object Value)> Of(Hashtable table) =>
        table.Cast<DictionaryEntry>().Select(e => (e.Key.ToString()!, e.Value is PSObject wrapped ? wrapped.BaseObject : e.Value!));
}
