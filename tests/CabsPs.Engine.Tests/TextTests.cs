namespace CabsPs.Engine.Tests;

/// <summary>How numbers, sizes and foreign text are shown and read.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(5, "5 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 KB")]
    [InlineData(1536, "1.54 KB")]
    [InlineData(14_483_464_192, "14.5 GB")]
    [InlineData(999_600, "1.00 MB")]
    [InlineData(2e18, "2000 PB")]
    public void Bytes_are_in_decimal_units(double bytes, string expected) => Assert.Equal(expected, Text.Bytes(bytes));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(640, "640")]
    [InlineData(82_944, "82.9 K")]
    [InlineData(7_241_732_096, "7.24 B")]
    public void Counts_are_short(double count, string expected) => Assert.Equal(expected, Text.Count(count));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.00012345, "1.23e-4")]
    [InlineData(-0.00012345, "-1.23e-4")]
    [InlineData(1e-30, "1e-30")]
    [InlineData(0.0012345, "0.00123")]
    [InlineData(0.012345, "0.0123")]
    [InlineData(0.12345, "0.123")]
    [InlineData(0.5, "0.5")]
    [InlineData(1, "1.00")]
    [InlineData(9.994, "9.99")]
    [InlineData(9.996, "10.0")]
    [InlineData(99.94, "99.9")]
    [InlineData(99.96, "100")]
    [InlineData(12345.6, "12346")]
    public void Numbers_have_three_significant_digits(double value, string expected) => Assert.Equal(expected, Text.Significant(value));

    [Theory]
    [InlineData(0.25, "0.25 s")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(192, "3 m 12 s")]
    [InlineData(7500, "2 h 05 m")]
    [InlineData(90061, "25 h 01 m")]
    public void Times_are_in_the_units_people_use(double seconds, string expected) => Assert.Equal(expected, Text.Time(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("5GB", 5_000_000_000)]
    [InlineData("512MiB", 536_870_912)]
    [InlineData("1.5G", 1_500_000_000)]
    [InlineData(" 2 kib ", 2048)]
    [InlineData("4096", 4096)]
    [InlineData("7b", 7)]
    [InlineData("0", 0)]
    [InlineData("1TiB", 1L << 40)]
    [InlineData(".5K", 500)]
    public void Sizes_are_read(string text, long expected)
    {
        Assert.True(Text.TryParseBytes(text, out long bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-5")]
    [InlineData("5XB")]
    [InlineData("5iB")]
    [InlineData("1.2.3")]
    [InlineData("1e3")]
    [InlineData("1,5GB")]
    [InlineData("99999999999TB")]
    [InlineData("five")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Text.TryParseBytes(text, out _));

    [Fact]
    public void Foreign_names_are_quoted_in_one_line_of_bounded_length()
    {
        Assert.Equal("'plain'", Text.Quote("plain"));
        Assert.Equal("'a\uFFFDb\uFFFD'", Text.Quote("a\nb\u001b"));
        string quoted = Text.Quote(new string('x', 5000));
        Assert.Equal(203, quoted.Length);
        Assert.EndsWith("…'", quoted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_is_one_line_whatever_is_in_it() =>
        Assert.Equal("a b  c", new CabsException(CabsError.ReadFailed, "a\nb\r\nc").Message);
}
