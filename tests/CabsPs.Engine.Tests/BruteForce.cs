namespace CabsPs.Engine.Tests;

/// <summary>SPEC §3 and §4 read aloud: no sorting, no bit sets, one scan of the block per position kept. Shares no code with the
/// engine.</summary>
internal static class BruteForce
{
    /// <summary>The masks of all vectors on one flattened tensor.</summary>
    public static bool[][] Masks(double[][] deltas, int[] n, int[] m, string assignment, string tail) =>
        assignment == "joint" ? Joint(deltas, n, m[0], tail) : InOrder(deltas, n, m, assignment == "sequential", tail);

    /// <summary>base + λ · Σ weight · mask · delta in float32, every step rounded.</summary>
    public static float[] Merge(float[] inBase, float[][] deltas, bool[][] masks, float[] weights, float lambda, bool normalize, bool ties)
    {
        var merged = new float[inBase.Length];
        for (int i = 0; i < merged.Length; i++)
        {
            float total = 0;
            int meeting = 0;
            for (int v = 0; v < deltas.Length; v++)
            {
                if (!masks[v][i])
                    continue;
                float product = weights[v] * deltas[v][i];
                total += product;
                meeting++;
            }

            if (ties && meeting > 1)
                total = MeanOfAgreeing(total >= 0, deltas, masks, weights, i);
            if (normalize)
            {
                float sum = 0;
                foreach (float weight in weights)
                    sum += weight;
                total /= sum;
            }

            if (lambda != 1)
                total *= lambda;
            merged[i] = inBase[i] + total;
        }

        return merged;
    }

    private static float MeanOfAgreeing(bool plus, float[][] deltas, bool[][] masks, float[] weights, int i)
    {
        float sum = 0;
        int count = 0;
        for (int v = 0; v < deltas.Length; v++)
        {
            float term = masks[v][i] ? weights[v] * deltas[v][i] : 0;
            if (plus ? term > 0 : term < 0)
            {
                sum += term;
                count++;
            }
        }

        return count == 0 ? 0 : sum / count;
    }

    private static int Quota(int n, int m, int length, string tail)
    {
        if (length == m)
            return n;
        if (tail == "drop")
            return 0;
        if (tail == "keep")
            return length;
        int quota = 0;
        while ((quota + 1) * m <= (n * length) + (m / 2))
            quota++;
        return quota;
    }

    private static bool[][] InOrder(double[][] deltas, int[] n, int[] m, bool avoid, string tail)
    {
        int size = deltas[0].Length;
        var claimed = new bool[size];
        var masks = new List<bool[]>();
        for (int v = 0; v < deltas.Length; v++)
        {
            var mask = new bool[size];
            for (int start = 0; start < size; start += m[v])
            {
                int end = Math.Min(start + m[v], size);
                for (int left = Quota(n[v], m[v], end - start, tail); left > 0; left--)
                {
                    int best = Best(deltas[v], mask, start, end, i => !avoid || !claimed[i]);
                    if (best < 0)
                        best = Best(deltas[v], mask, start, end, _ => true);
                    if (best < 0)
                        break;
                    mask[best] = true;
                }
            }

            for (int i = 0; i < size; i++)
                claimed[i] |= mask[i];
            masks.Add(mask);
        }

        return [.. masks];
    }

    private static bool[][] Joint(double[][] deltas, int[] n, int m, string tail)
    {
        int size = deltas[0].Length;
        double[] rms = [.. deltas.Select(d => Math.Sqrt(d.Sum(x => x * x) / size))];
        bool[][] masks = [.. deltas.Select(_ => new bool[size])];
        for (int start = 0; start < size; start += m)
        {
            int end = Math.Min(start + m, size);
            int[] left = [.. n.Select(q => Quota(q, m, end - start, tail))];
            var taken = new bool[size];
            while (BestPair(deltas, rms, left, taken, start, end) is (int winner, int position))
            {
                masks[winner][position] = taken[position] = true;
                left[winner]--;
            }

            for (int v = 0; v < deltas.Length; v++)
            {
                for (; left[v] > 0; left[v]--)
                {
                    int best = Best(deltas[v], masks[v], start, end, i => taken[i]);
                    if (best >= 0)
                        masks[v][best] = true;
                }
            }
        }

        return masks;
    }

    private static (int Vector, int Position)? BestPair(double[][] deltas, double[] rms, int[] left, bool[] taken, int start, int end)
    {
        (int, int)? best = null;
        double score = 0;
        for (int v = 0; v < deltas.Length; v++)
        {
            for (int i = start; i < end; i++)
            {
                if (left[v] > 0 && !taken[i] && deltas[v][i] != 0 && Math.Abs(deltas[v][i]) / rms[v] > score)
                    (best, score) = ((v, i), Math.Abs(deltas[v][i]) / rms[v]);
            }
        }

        return best;
    }

    private static int Best(double[] delta, bool[] mask, int start, int end, Func<int, bool> allowed)
    {
        int best = -1;
        for (int i = start; i < end; i++)
        {
            if (!mask[i] && delta[i] != 0 && allowed(i) && (best < 0 || Math.Abs(delta[i]) > Math.Abs(delta[best])))
                best = i;
        }

        return best;
    }
}
