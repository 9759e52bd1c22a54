using CabsPs.Engine.Integrity;

namespace CabsPs.Engine.Merging;

/// <summary>The work on one tensor, cut into parts that can be done by different threads. Taking and finishing parts happens under
/// the queue's lock, running them does not.</summary>
internal abstract class TensorJob(TensorPlan plan, int index, int unitCount)
{
    private int _next;
    private int _running;
    private bool _failed;

    /// <summary>What is to be done.</summary>
    public TensorPlan Plan { get; } = plan;

    /// <summary>The tensor's place in the plan.</summary>
    public int Index { get; } = index;

    /// <summary>Parts of the current pass.</summary>
    public int UnitCount { get; protected set; } = unitCount;

    /// <summary>Bytes that are held for the tensor while it is open.</summary>
    public virtual long HeldBytes => 0;

    /// <summary>Holds more, before the first part, if that fits into this many bytes.</summary>
    public virtual void Keep(long room)
    {
    }

    /// <summary>Whether a part of it failed.</summary>
    public bool HasFailed => _failed;

    /// <summary>The hashes of what is read and written in the pass that writes; null where nothing is.</summary>
    public virtual TensorHashes? Hashes => null;

    /// <summary>Takes the next part of the current pass.</summary>
    public bool TryTake(out int unit)
    {
        unit = _next;
        if (_next == UnitCount)
            return false;
        _next++;
        _running++;
        return true;
    }

    /// <summary>Gives a part back.</summary>
    /// <returns>Null while others of the pass are open; then whether the job has ended.</returns>
    public bool? Finish(bool failed)
    {
        _running--;
        _failed |= failed;
        if (_running > 0 || _next < UnitCount)
            return _failed ? true : null;
        if (_failed || EndPass())
            return true;
        _next = 0;
        return false;
    }

    /// <summary>Does one part.</summary>
    public abstract void Run(int unit, WorkBuffers buffers);

    /// <summary>The sums of the last pass that has ended.</summary>
    public virtual IReadOnlyList<double> Totals => [];

    /// <summary>Adds the tensor's figures to the report.</summary>
    public virtual void Report(Tally tally)
    {
    }

    /// <summary>Concludes a pass.</summary>
    /// <returns>True when it was the last.</returns>
    protected virtual bool EndPass() => true;
}

/// <summary>One thread's byte buffers and tiles.</summary>
internal sealed class WorkBuffers
{
    private readonly byte[][] _inputs;
    private Tile<float>? _single;
    private Tile<double>? _double;

    public WorkBuffers(MergePlan plan)
    {
        PieceBytes = plan.Memory.PieceBytes;
        // the longest tile must fit whole, in its widest type
        int bytes = (int)Math.Min(Array.MaxLength, Math.Max(PieceBytes, (long)plan.Memory.LongestTile * (plan.Memory.AnyDouble ? 8 : 4)));
        _inputs = new byte[plan.StreamCount][];
        for (int i = 0; i < _inputs.Length; i++)
            _inputs[i] = GC.AllocateUninitializedArray<byte>(bytes);
        Base = GC.AllocateUninitializedArray<byte>(bytes);
        Output = GC.AllocateUninitializedArray<byte>(bytes);
    }

    /// <summary>Bytes asked of the operating system at once.</summary>
    public int PieceBytes { get; }

    /// <summary>Stored bytes of the base.</summary>
    public byte[] Base { get; }

    /// <summary>Stored bytes of the result.</summary>
    public byte[] Output { get; }

    /// <summary>Bytes of each buffer.</summary>
    public int ByteLength => Base.Length;

    /// <summary>Stored bytes of all inputs.</summary>
    public byte[][] Inputs => _inputs;

    /// <summary>Stored bytes of an input.</summary>
    public byte[] Input(int index) => _inputs[index];

    /// <summary>The tile of a computing type.</summary>
    public Tile<T> Tile<T>()
        where T : unmanaged => typeof(T) == typeof(float) ? (Tile<T>)(object)(_single ??= new()) : (Tile<T>)(object)(_double ??= new());
}
