namespace CabsPs.Engine.Merging;

/// <summary>Folds the tensors of equal layers into one line: <c>model.layers.{0-31}.mlp.up_proj.weight</c>.</summary>
public static class TensorFolding
{
    /// <summary>Folds tensors whose names differ in their layer alone and whose facts are the same.</summary>
    /// <param name="tensors">Names and facts, in order.</param>
    /// <returns>Folded names, facts and how many tensors each stands for, in the order of the first of each.</returns>
    public static IEnumerable<(string Name, string[] Facts, int Count)> Fold(IEnumerable<(string Name, string[] Facts)> tensors)
    {
        foreach (var group in tensors.GroupBy(t => Key(t.Name, t.Facts)))
        {
            (string name, string[] facts) = group.First();
            int[] layers = [.. group.Select(t => LayerMap.Split(t.Name)?.Layer ?? 0)];
            yield return layers.Length > 1 && LayerMap.Split(name) is (string prefix, _, string suffix)
                ? ($"{prefix}{{{Ranges(layers)}}}{suffix}", facts, layers.Length)
                : (name, facts, layers.Length);
        }
    }

    private static string Key(string name, string[] facts)
    {
        string pattern = LayerMap.Split(name) is (string prefix, _, string suffix) ? $"{prefix}\0{suffix}" : name;
        return string.Join('\n', facts.Prepend(pattern));
    }

    // 0-3,7
    private static string Ranges(int[] layers)
    {
        var parts = new List<string>();
        for (int i = 0; i < layers.Length;)
        {
            int end = i;
            while (end + 1 < layers.Length && layers[end + 1] == layers[end] + 1)
                end++;
            parts.Add(end == i ? $"{layers[i]}" : $"{layers[i]}-{layers[end]}");
            i = end + 1;
        }

        return string.Join(',', parts);
    }
}
