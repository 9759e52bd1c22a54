namespace CabsPs.Engine.Merging;

/// <summary>How large a merge's buffers are. They depend on the number of models and threads and on the longest block, never on
/// the size of a model.</summary>
/// <param name="TileLength">Elements computed on at once where blocks allow it.</param>
/// <param name="LongestTile">Elements of the longest tile: the longest block of any tensor.</param>
/// <param name="PieceBytes">Bytes read or written at once, per model and thread.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="AnyDouble">Whether any tensor is computed or stored in float64.</param>
/// <param name="BufferBytes">Bytes of all buffers together.</param>
public sealed record MemoryBudget(int TileLength, int LongestTile, int PieceBytes, int Threads, bool AnyDouble, long BufferBytes)
{
    /// <summary>Tiles of this many elements keep a handful of float32 arrays in a core's first-level caches.</summary>
    public const int DefaultTileLength = 2048;

    private const int SmallestPiece = 4096;

    /// <summary>What .NET itself, its compiled code and a model's headers take, about.</summary>
    public const long RuntimeBytes = 60L << 20;

    /// <summary>Expected resident memory.</summary>
    public long ExpectedBytes => BufferBytes + RuntimeBytes;

    /// <summary>Elements in a tile of whole blocks.</summary>
    public static int TileFor(int blockLength) =>
        blockLength >= DefaultTileLength ? blockLength : DefaultTileLength / blockLength * blockLength;

    /// <summary>Fits buffers under the limit: smaller pieces first, then fewer threads.</summary>
    /// <exception cref="CabsException">Not even one thread with the smallest pieces fits.</exception>
    internal static MemoryBudget For(int inputs, int longest, long measuring, bool anyDouble, MergeOptions options)
    {
        int streams = inputs + 2;
        int piece = Math.Max(options.PieceBytes, SmallestPiece);
        int threads = options.EffectiveThreads;
        while (true)
        {
            long perThread = measuring + (streams * Math.Max(piece, longest * (anyDouble ? 8L : 4L)))
                + Tile<float>.ByteLength(inputs, longest) + (anyDouble ? Tile<double>.ByteLength(inputs, longest) : 0);
            if (perThread * threads <= options.MaxMemory)
                return new MemoryBudget(DefaultTileLength, longest, piece, threads, anyDouble, perThread * threads);
            if (piece > SmallestPiece)
                piece /= 2;
            else if (threads > 1)
                threads--;
            else
                throw new CabsException(CabsError.MemoryLimit, $"a merge of {inputs} models with blocks of up to {longest} weights needs {Text.Bytes(perThread)} of buffers; the limit is {Text.Bytes(options.MaxMemory)}", options.MaxMemory);
        }
    }
}
