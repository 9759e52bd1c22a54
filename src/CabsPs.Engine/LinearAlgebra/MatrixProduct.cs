using System.Runtime.Intrinsics;

namespace CabsPs.Engine.LinearAlgebra;

/// <summary>Matrix products in float64 on the calling thread. Every value of a product is Σ over k in blocks of 256, each block summed up from its first
/// term to its last by fused multiply-adds and then added: lanes run along the columns, so a processor's vector width never shows.</summary>
/// <remarks>Both factors are copied into panels in the order in which the innermost loop reads them (Goto and van de Geijn, Anatomy of High-Performance
/// Matrix Multiplication, 2008); transposing costs nothing that way. A managed library's product took 20 times as long and other sums on
/// other numbers of threads.</remarks>
internal static unsafe class MatrixProduct
{
    private const int Depth = 256;
    private const int PanelRows = 4;
    private const int PanelColumns = 12;
    private const int BlockRows = 128;
    private const int BlockColumns = 1536;

    /// <summary>A product.</summary>
    public static Matrix Of(Matrix a, Matrix b, Transposed transposed)
    {
        bool first = transposed.HasFlag(Transposed.First), second = transposed.HasFlag(Transposed.Second);
        int rows = first ? a.Columns : a.Rows, depth = first ? a.Rows : a.Columns, columns = second ? b.Rows : b.Columns;
        if (depth != (second ? b.Columns : b.Rows))
            throw new ArgumentException($"a product of {rows} x {depth} with {(second ? b.Columns : b.Rows)} x {columns}", nameof(b));
        bool symmetric = ReferenceEquals(a, b) && first != second;
        var result = new Matrix(rows, columns);
        if (rows == 0 || columns == 0 || depth == 0)
            return result;
        int most = Math.Min(depth, Depth);
        double[] left = new double[most * Math.Min(BlockRows, rows + PanelRows)], right = new double[most * Math.Min(BlockColumns, columns + PanelColumns)];
        fixed (double* x = a.Values, y = b.Values, z = result.Values, l = left, r = right)
        {
            var source = new Source(x, first ? 1 : a.Columns, first ? a.Columns : 1);
            var other = new Source(y, second ? 1 : b.Columns, second ? b.Columns : 1);
            for (int column = 0; column < columns; column += BlockColumns)
            {
                int width = Math.Min(BlockColumns, columns - column);
                for (int at = 0; at < depth; at += Depth)
                {
                    int deep = Math.Min(Depth, depth - at);
                    PackColumns(other, at, deep, column, width, r);
                    for (int row = 0; row < rows; row += BlockRows)
                    {
                        int height = Math.Min(BlockRows, rows - row);
                        // of a symmetric result the upper half is computed, and what shares a block with it
                        if (symmetric && row >= column + width)
                            break;
                        PackRows(source, at, deep, row, height, l);
                        Block(l, r, deep, height, width, z, columns, row, column, symmetric);
                    }
                }
            }

            if (symmetric)
                Mirror(z, rows);
        }

        return result;
    }

    private static void Block(double* left, double* right, int deep, int height, int width, double* z, int columns, int row, int column, bool symmetric)
    {
        double* rest = stackalloc double[PanelRows * PanelColumns];
        for (int j = 0; j < width; j += PanelColumns)
        {
            double* panel = right + ((long)j * deep);
            for (int i = 0; i < height; i += PanelRows)
            {
                if (symmetric && row + i >= column + j + PanelColumns)
                    break;
                double* target = z + ((long)(row + i) * columns) + column + j;
                int tall = Math.Min(PanelRows, height - i), wide = Math.Min(PanelColumns, width - j);
                if (tall == PanelRows && wide == PanelColumns)
                {
                    Panel(left + ((long)i * deep), panel, deep, target, columns);
                    continue;
                }

                // an incomplete panel is computed whole beside the result
                new Span<double>(rest, PanelRows * PanelColumns).Clear();
                for (int y = 0; y < tall; y++)
                    new Span<double>(target + ((long)y * columns), wide).CopyTo(new Span<double>(rest + (y * PanelColumns), wide));
                Panel(left + ((long)i * deep), panel, deep, rest, PanelColumns);
                for (int y = 0; y < tall; y++)
                    new Span<double>(rest + (y * PanelColumns), wide).CopyTo(new Span<double>(target + ((long)y * columns), wide));
            }
        }
    }

    // 4 x 12 sums in 12 registers
    private static void Panel(double* left, double* right, int deep, double* target, int stride)
    {
        Vector256<double> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector256<double> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        for (int k = 0; k < deep; k++)
        {
            Vector256<double> b0 = Vector256.Load(right), b1 = Vector256.Load(right + 4), b2 = Vector256.Load(right + 8);
            var a = Vector256.Create(left[0]);
            s00 = Vector256.FusedMultiplyAdd(a, b0, s00);
            s01 = Vector256.FusedMultiplyAdd(a, b1, s01);
            s02 = Vector256.FusedMultiplyAdd(a, b2, s02);
            a = Vector256.Create(left[1]);
            s10 = Vector256.FusedMultiplyAdd(a, b0, s10);
            s11 = Vector256.FusedMultiplyAdd(a, b1, s11);
            s12 = Vector256.FusedMultiplyAdd(a, b2, s12);
            a = Vector256.Create(left[2]);
            s20 = Vector256.FusedMultiplyAdd(a, b0, s20);
            s21 = Vector256.FusedMultiplyAdd(a, b1, s21);
            s22 = Vector256.FusedMultiplyAdd(a, b2, s22);
            a = Vector256.Create(left[3]);
            s30 = Vector256.FusedMultiplyAdd(a, b0, s30);
            s31 = Vector256.FusedMultiplyAdd(a, b1, s31);
            s32 = Vector256.FusedMultiplyAdd(a, b2, s32);
            left += PanelRows;
            right += PanelColumns;
        }

        Add(target, s00, s01, s02);
        Add(target + stride, s10, s11, s12);
        Add(target + (2L * stride), s20, s21, s22);
        Add(target + (3L * stride), s30, s31, s32);
    }

    private static void Add(double* target, Vector256<double> a, Vector256<double> b, Vector256<double> c)
    {
        (Vector256.Load(target) + a).Store(target);
        (Vector256.Load(target + 4) + b).Store(target + 4);
        (Vector256.Load(target + 8) + c).Store(target + 8);
    }

    // rows in groups of 4, each group's values of one k side by side; what is missing in the last group is 0
    private static void PackRows(Source source, int at, int deep, int row, int height, double* packed)
    {
        for (int i = 0; i < height; i += PanelRows)
        {
            double* panel = packed + ((long)i * deep);
            for (int y = 0; y < PanelRows; y++)
            {
                double* from = source.Start + (source.RowStep * (row + i + y)) + (source.ColumnStep * at);
                for (int k = 0; k < deep; k++)
                    panel[(k * PanelRows) + y] = i + y < height ? from[k * source.ColumnStep] : 0;
            }
        }
    }

    private static void PackColumns(Source source, int at, int deep, int column, int width, double* packed)
    {
        for (int j = 0; j < width; j += PanelColumns)
        {
            double* panel = packed + ((long)j * deep);
            int wide = Math.Min(PanelColumns, width - j);
            for (int k = 0; k < deep; k++)
            {
                double* from = source.Start + (source.RowStep * (at + k)) + (source.ColumnStep * (column + j));
                for (int x = 0; x < PanelColumns; x++)
                    panel[(k * PanelColumns) + x] = x < wide ? from[x * source.ColumnStep] : 0;
            }
        }
    }

    private static void Mirror(double* z, int order)
    {
        for (int row = 1; row < order; row++)
        {
            for (int column = 0; column < row; column++)
                z[((long)row * order) + column] = z[((long)column * order) + row];
        }
    }

    private readonly struct Source(double* start, long rowStep, long columnStep)
    {
        public double* Start { get; } = start;

        public long RowStep { get; } = rowStep;

        public long ColumnStep { get; } = columnStep;
    }
}
