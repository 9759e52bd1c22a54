using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Orders in which task vectors may claim positions.</summary>
public static class AssignmentOrders
{
    /// <summary>All orders where there are no more than asked for, else a sample without repetition. The given order and its reverse come first.</summary>
    /// <param name="vectors">How many vectors there are.</param>
    /// <param name="most">How many orders at most; from 1 up.</param>
    /// <param name="seed">What the sample starts from.</param>
    public static IReadOnlyList<int[]> Choose(int vectors, int most, long seed)
    {
        int[] given = [.. Enumerable.Range(0, vectors)];
        if (Count(vectors) <= most)
            return [.. All(given)];
        var random = new CounterRandom(seed, "orders", string.Empty);
        var orders = new List<int[]> { given };
        if (most > 1)
            orders.Add([.. given.Reverse()]);
        for (long draw = 0; orders.Count < most; draw++)
        {
            // Fisher and Yates
            int[] order = [.. given];
            for (int i = vectors - 1; i > 0; i--)
            {
                int other = (int)(random.Uniform((draw * vectors) + i) * (i + 1));
                (order[i], order[other]) = (order[other], order[i]);
            }

            if (!orders.Any(o => o.SequenceEqual(order)))
                orders.Add(order);
        }

        return orders;
    }

    /// <summary>How many orders so many vectors have.</summary>
    public static double Count(int vectors) => Enumerable.Range(1, vectors).Aggregate(1.0, (product, i) => product * i);

    private static IEnumerable<int[]> All(int[] rest) => rest.Length < 2
        ? [rest]
        : rest.SelectMany(first => All([.. rest.Where(i => i != first)]).Select(after => (int[])[first, .. after]));
}
