using MathNet.Numerics.LinearAlgebra;
using Dense = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace CabsPs.Engine.Tests;

/// <summary>The methods of matrices, each written down straight from its formula with MathNet.Numerics' own matrices and its decomposition of the matrix
/// itself, which shares nothing with the one of the engine.</summary>
internal static class SubspaceReference
{
    public static Dense TsvM(Dense[] deltas)
    {
        int share = Math.Min(deltas[0].RowCount, deltas[0].ColumnCount) / deltas.Length;
        (Dense U, Vector<double> S, Dense V)[] parts = [.. deltas.Select(d => First(d, share))];
        return Polar(Beside(parts.Select(p => p.U))) * Dense.Build.DenseOfDiagonalVector(Vector<double>.Build.DenseOfEnumerable(parts.SelectMany(p => p.S))) * Polar(Below(parts.Select(p => p.V)));
    }

    public static Dense IsoC(Dense[] deltas) => Flat(deltas.Aggregate((a, b) => a + b));

    public static Dense Flat(Dense sum) => sum.Svd().S.Average() * Polar(sum);

    public static Dense IsoCts(Dense[] deltas, double fraction)
    {
        int rank = Math.Min(deltas[0].RowCount, deltas[0].ColumnCount);
        int share = (int)Math.Round((rank - (int)(rank * fraction)) / (double)deltas.Length);
        if (share == 0)
            return IsoC(deltas);
        // MathNet knows no matrices without columns
        int left = rank - (share * deltas.Length);
        (Dense U, Vector<double> S, Dense V)[] common = left == 0 ? [] : [First(deltas.Aggregate((a, b) => a + b), left)];
        Dense Outside(Dense delta) => left == 0 ? delta : delta - (common[0].U * common[0].U.Transpose() * delta);
        (Dense U, Vector<double> S, Dense V)[] parts = [.. deltas.Select(d => First(Outside(d), share)), .. common];
        return parts.SelectMany(p => p.S).Average() * Polar(Beside(parts.Select(p => p.U))) * Polar(Below(parts.Select(p => p.V)));
    }

    public static Dense Wudi(Dense[] deltas)
    {
        Dense[] grams = [.. deltas.Select(d => d.TransposeThisAndMultiply(d) / d.Enumerate().Sum(v => v * v))];
        Dense metric = grams.Aggregate((a, b) => a + b), target = deltas.Zip(grams, (d, g) => d * g).Aggregate((a, b) => a + b);
        return metric.Solve(target.Transpose()).Transpose();
    }

    /// <summary>Σ ‖(X − δ)·δᵀ‖² / ‖δ‖².</summary>
    public static double Interference(Dense x, Dense[] deltas) =>
        deltas.Sum(d => ((x - d) * d.Transpose()).Enumerate().Sum(v => v * v) / d.Enumerate().Sum(v => v * v));

    /// <summary>The sum before it is scaled.</summary>
    public static Dense Opcm(Dense[] deltas, double alpha)
    {
        Dense sum = deltas[0].Clone();
        foreach (Dense delta in deltas.Skip(1))
        {
            var svd = sum.Svd();
            double total = svd.S.Sum(), share = 0;
            int leading = 0;
            while ((share += svd.S[leading]) / total <= alpha)
                leading++;
            Dense inside = svd.U.Transpose() * delta * svd.VT.Transpose();
            for (int i = 0; i < inside.RowCount; i++)
            {
                for (int j = 0; j < inside.ColumnCount; j++)
                    inside[i, j] = i == j || (i < leading && j < leading) ? 0 : inside[i, j];
            }

            sum += svd.U * inside * svd.VT;
        }

        return sum;
    }

    public static Dense KnotsTies(Dense[] deltas, double density, bool mean)
    {
        var svd = First(Beside(deltas), Math.Min(deltas[0].RowCount, deltas[0].ColumnCount * deltas.Length));
        Dense[] parts = [.. deltas.Select(d => svd.U.Transpose() * d)];
        for (int i = 0; i < parts.Length; i++)
        {
            double limit = parts[i].Enumerate().Select(Math.Abs).OrderDescending().ElementAt((int)(density * parts[i].RowCount * parts[i].ColumnCount));
            parts[i] = parts[i].Map(v => Math.Abs(v) >= limit ? v : 0);
        }

        Dense signs = parts.Aggregate((a, b) => a + b).Map(v => (double)Math.Sign(v));
        Dense[] agreeing = [.. parts.Select(p => p.Map2((v, s) => v * s > 0 ? v : 0, signs))];
        Dense sum = agreeing.Aggregate((a, b) => a + b), counts = agreeing.Select(a => a.Map(v => v != 0 ? 1.0 : 0)).Aggregate((a, b) => a + b);
        return svd.U * (mean ? sum.Map2((v, c) => v / Math.Max(c, 1), counts) : sum);
    }

    public static Dense Svc(Dense merged, Dense[] deltas, double alpha)
    {
        var svd = First(merged, Math.Min(merged.RowCount, merged.ColumnCount));
        Dense result = Dense.Build.Dense(merged.RowCount, merged.ColumnCount);
        for (int r = 0; r < svd.S.Count; r++)
        {
            Vector<double> u = svd.U.Column(r), whole = u * merged;
            double shares = deltas.Sum(d => Math.Max(alpha, (u * d).DotProduct(whole) / Math.Max((u * d).DotProduct(u * d), 1e-12)));
            result += svd.S[r] * deltas.Length / shares * u.OuterProduct(svd.V.Row(r));
        }

        return result;
    }

    public static Dense Polar(Dense a)
    {
        var svd = First(a, Math.Min(a.RowCount, a.ColumnCount));
        return svd.U * svd.V;
    }

    public static (Dense U, Vector<double> S, Dense V) First(Dense a, int count)
    {
        var svd = a.Svd();
        return (svd.U.SubMatrix(0, a.RowCount, 0, count), svd.S.SubVector(0, count), svd.VT.SubMatrix(0, count, 0, a.ColumnCount));
    }

    private static Dense Beside(IEnumerable<Dense> parts) => Dense.Build.DenseOfMatrixArray(new[] { parts.ToArray() }.ToRow());

    private static Dense Below(IEnumerable<Dense> parts)
    {
        Dense[] all = [.. parts];
        var blocks = new Dense[all.Length, 1];
        for (int i = 0; i < all.Length; i++)
            blocks[i, 0] = all[i];
        return Dense.Build.DenseOfMatrixArray(blocks);
    }

    private static Dense[,] ToRow(this Dense[][] parts)
    {
        var blocks = new Dense[1, parts[0].Length];
        for (int i = 0; i < parts[0].Length; i++)
            blocks[0, i] = parts[0][i];
        return blocks;
    }
}
