namespace CabsPs.Cli.Output;

/// <summary>Shares (0 to 1, or −1 to 1) as a picture: a bar per row, or a coloured cell per figure. The table says the same in figures, for where nothing is
/// drawn.</summary>
/// <param name="Heading">What is shown.</param>
/// <param name="Rows">The rows' names.</param>
/// <param name="Columns">The columns' names; of bars the one.</param>
/// <param name="Values">Per row and column the share; NaN for none.</param>
/// <param name="Bars">Bars instead of cells.</param>
/// <param name="Table">The figures.</param>
internal sealed record Drawing(string Heading, IReadOnlyList<string> Rows, IReadOnlyList<string> Columns, double[,] Values, bool Bars, Table Table);
