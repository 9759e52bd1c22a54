namespace CabsPs.Engine.Merging;

/// <summary>How large a merge's buffers are. They depend on the number of models and threads and on the longest block, never on
/// the size of a model; what methods of whole matrices hold depends on the largest tensors.</summary>
/// <param name="TileLength">Elements computed on at once where blocks allow it.</param>
/// <param name="LongestTile">Elements of the longest tile: the longest block of any tensor.</param>
/// <param name="PieceBytes">Bytes read or written at once, per model and thread.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="AnyDouble">Whether any tensor is computed or stored in float64.</param>
/// <param name="BufferBytes">Bytes of all buffers together, with those for whole tensors.</param>
/// <param name="WholeBytes">Bytes of them for tensors that are held as a whole, and for what open tensors keep where there is room; 0 where all are
/// streamed.</param>
public sealed record MemoryBudget(int TileLength, int LongestTile, int PieceBytes, int Threads, bool AnyDouble, long BufferBytes, long WholeBytes = 0)
{
    /// <summary>Tiles of this many elements keep a handful of float32 arrays in a core's first-level caches.</summary>
    public const int DefaultTileLength = 2048;

    /// <summary>The most bytes for what open tensors keep only to compute less often.</summary>
    public const long MostWished = 32L << 20;

    private const int SmallestPiece = 4096;

    /// <summary>What .NET itself, its compiled code and a model's headers take, about.</summary>
    public const long RuntimeBytes = 60L << 20;

    /// <summary>Expected resident memory.</summary>
    public long ExpectedBytes => BufferBytes + RuntimeBytes;

    /// <summary>Elements in a tile of whole blocks.</summary>
    public static int TileFor(int blockLength) =>
        blockLength >= DefaultTileLength ? blockLength : DefaultTileLength / blockLength * blockLength;

    /// <summary>Fits buffers under the limit: smaller pieces first, then fewer threads. What remains is for whole tensors, of which as many
    /// are open at a time as fit.</summary>
    /// <param name="streams">Tensors read at once: the base's, the models', statistics.</param>
    /// <param name="longest">Elements of the longest tile.</param>
    /// <param name="measuring">Bytes per thread for what is measured of the whole model.</param>
    /// <param name="whole">Tensors that are held as a whole, and their bytes.</param>
    /// <param name="wished">Bytes that tensors would keep where there is room.</param>
    /// <param name="anyDouble">Whether any tensor is computed or stored in float64.</param>
    /// <param name="options">The limit and what is wished for.</param>
    /// <exception cref="CabsException">Not even one thread with the smallest pieces fits.</exception>
    internal static MemoryBudget For(int streams, int longest, long measuring, IReadOnlyList<(TensorPlan Tensor, long Bytes)> whole, IReadOnlyList<long> wished, bool anyDouble, MergeOptions options)
    {
        int piece = Math.Max(options.PieceBytes, SmallestPiece);
        int threads = options.EffectiveThreads;
        (TensorPlan Tensor, long Bytes) largest = whole.Count == 0 ? default : whole.MaxBy(w => w.Bytes);
        while (true)
        {
            long perThread = measuring + ((streams + 1) * Math.Max(piece, longest * (anyDouble ? 8L : 4L)))
                + Tile<float>.ByteLength(streams - 1, longest) + (anyDouble ? Tile<double>.ByteLength(streams - 1, longest) : 0);
            long buffers = perThread * threads;
            if (buffers + largest.Bytes <= options.MaxMemory)
            {
                long held = Math.Min(options.MaxMemory - buffers, whole.Select(w => w.Bytes).OrderDescending().Take(threads).Sum());
                held += Math.Min(Math.Min(options.MaxMemory - buffers - held, MostWished), wished.Where(w => w <= MostWished).OrderDescending().Take(threads).Sum());
                return new MemoryBudget(DefaultTileLength, longest, piece, threads, anyDouble, buffers + held, held);
            }

            if (piece > SmallestPiece)
                piece /= 2;
            else if (threads > 1)
                threads--;
            else if (largest.Bytes > 0)
                throw new CabsException(CabsError.MemoryLimit, $"tensor {Text.Quote(largest.Tensor.Output.Name)} is needed as a whole and takes {Text.Bytes(largest.Bytes)} with what is computed from it, {Text.Bytes(largest.Bytes + perThread)} with buffers; the limit is {Text.Bytes(options.MaxMemory)}, so raise it or exclude the tensor", largest.Tensor.Output.Name);
            else
                throw new CabsException(CabsError.MemoryLimit, $"a merge of {streams - 1} models with blocks of up to {longest} weights needs {Text.Bytes(perThread)} of buffers; the limit is {Text.Bytes(options.MaxMemory)}", options.MaxMemory);
        }
    }
}
