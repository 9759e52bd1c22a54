using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging;

/// <summary>Rows for methods that need all of a row at once.</summary>
internal static class WholeRows
{
    /// <summary>A row's length as a block length.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="what">What needs whole rows, for the message.</param>
    /// <exception cref="CabsException">Rows are too long to be held.</exception>
    public static int LengthOf(TensorContext context, string what) => context.RowLength <= CabsSparsifier.MaxBlockLength
        ? (int)Math.Max(1, context.RowLength)
        : throw new CabsException(CabsError.ParameterInvalid, $"tensor {Text.Quote(context.Tensor)} has rows of {context.RowLength} weights; {what} takes rows of at most {CabsSparsifier.MaxBlockLength}", context.Tensor);
}
