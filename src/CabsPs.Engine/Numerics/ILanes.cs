namespace CabsPs.Engine.Numerics;

/// <summary>A vector of float32 lanes whose bits can be looked at too: what the kernels are written in, so that each exists once
/// and runs in every width. Nothing here rounds differently from scalar code; there is no fused multiply-add.</summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes the same value.</summary>
    static abstract TSelf Of(float value);

    /// <summary>All lanes the same bits.</summary>
    static abstract TSelf OfBits(uint bits);

    /// <summary>Reads values.</summary>
    static abstract TSelf Load(ref readonly float source);

    /// <summary>Reads 16-bit integers into the low halves of the lanes.</summary>
    static abstract TSelf LoadHalves(ref readonly ushort source);

    /// <summary>Writes values.</summary>
    static abstract void Store(TSelf value, ref float destination);

    /// <summary>Writes the low halves of the lanes, whose high halves are zero.</summary>
    static abstract void StoreHalves(TSelf value, ref ushort destination);

    /// <summary>Writes the high halves of the lanes of two vectors, one after the other.</summary>
    static abstract void StoreHighHalves(TSelf first, TSelf second, ref ushort destination);

    /// <summary>Lane i stays where bit i is one and becomes +0 where it is zero.</summary>
    static abstract TSelf Keep(TSelf value, uint bits);

    /// <summary>sum + term in lane i where bit at + i of the words is one, sum where it is zero; the sum is not −0.</summary>
    static abstract TSelf AddWhere(TSelf sum, TSelf term, TSelf words, int at);

    /// <summary>Bit by bit: a where the condition is one, b where it is zero.</summary>
    static abstract TSelf Select(TSelf condition, TSelf a, TSelf b);

    /// <summary>Lane by lane: a where the condition is all ones, b where it is zero.</summary>
    static abstract TSelf Choose(TSelf condition, TSelf a, TSelf b);

    /// <summary>Lane i stays where bit at + i of the words is one and becomes +0 where it is zero.</summary>
    static abstract TSelf Keep(TSelf value, TSelf words, int at);

    /// <summary>Lanes of the elected sign stay, all others become +0. Zeros have a sign too; no lane is NaN.</summary>
    static abstract TSelf KeepAgreeing(TSelf value, TSelf elected);

    /// <summary>Lanes stay where the other vector is not zero and become +0 where it is.</summary>
    static abstract TSelf KeepWhereNonzero(TSelf value, TSelf other);

    /// <summary>sum + term in the lanes where the other vector is not zero, sum where it is; the sum is not −0.</summary>
    static abstract TSelf AddWhereNonzero(TSelf sum, TSelf term, TSelf other);

    /// <summary>All ones in the lanes where a is greater, as signed integers.</summary>
    static abstract TSelf GreaterBits(TSelf a, TSelf b);

    /// <summary>Bit i is lane i's sign.</summary>
    static abstract uint Signs(TSelf value);

    /// <summary>Which lanes of four vectors are greater than the limit's, as signed integers: ones in an order of its own.</summary>
    static abstract ulong WhichGreater(TSelf a, TSelf b, TSelf c, TSelf d, TSelf limit);

    /// <summary>Which of the four vectors' lanes, counted through, a bit of <see cref="WhichGreater"/> stands for.</summary>
    static abstract int PlaceOf(int bit);

    /// <summary>The greater of two unsigned integers per lane.</summary>
    static abstract TSelf MaxBits(TSelf a, TSelf b);

    /// <summary>The smaller of two unsigned integers per lane.</summary>
    static abstract TSelf MinBits(TSelf a, TSelf b);

    /// <summary>Integer sum.</summary>
    static abstract TSelf AddBits(TSelf a, TSelf b);

    /// <summary>Integer difference.</summary>
    static abstract TSelf SubtractBits(TSelf a, TSelf b);

    /// <summary>Bits moved up.</summary>
    static abstract TSelf ShiftLeft(TSelf value, int count);

    /// <summary>Bits moved down, zeros coming in.</summary>
    static abstract TSelf ShiftRight(TSelf value, int count);

    /// <summary>Whether any lane, as a signed integer, is greater than the limit.</summary>
    static abstract bool AnyGreaterBits(TSelf value, uint limit);

    /// <summary>Float sum.</summary>
    static abstract TSelf operator +(TSelf a, TSelf b);

    /// <summary>Float difference.</summary>
    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary>Float product.</summary>
    static abstract TSelf operator *(TSelf a, TSelf b);

    /// <summary>Float quotient.</summary>
    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>Bits that both have.</summary>
    static abstract TSelf operator &(TSelf a, TSelf b);

    /// <summary>Bits that either has.</summary>
    static abstract TSelf operator |(TSelf a, TSelf b);

    /// <summary>Bits that one of them has.</summary>
    static abstract TSelf operator ^(TSelf a, TSelf b);
}
