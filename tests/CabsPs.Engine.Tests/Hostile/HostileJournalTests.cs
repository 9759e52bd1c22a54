using CabsPs.Engine.Merging;
using CabsPs.Fuzzing;

namespace CabsPs.Engine.Tests.Hostile;

/// <summary>What a stranger can leave where a killed merge left its journal: a merge that goes on ends in the right bytes or in one line.</summary>
public sealed class HostileJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RightResult _right;

    public HostileJournalTests() => _right = new RightResult(_folder.Path());

    /// <summary>What in the third tensor's line becomes what, and how many of eight tensors are kept: all but that one, or only those before it.</summary>
    public static TheoryData<string, string, int> Lines { get; } = new()
    {
        { "", "", 8 },
        { "\"tensor\":\"model.embed_tokens.weight\"", "\"tensor\":\"mask\"", 6 },
        { "\"tensor\"", "\"other\"", 3 },
        { "\"inputs\":[", "\"inputs\":[\"00000000000000000000000000000000\",", 7 },
        { "\"output\":\"", "\"output\":\"0", 3 },
        { "\"vectors\":[[0,", "\"vectors\":[[2,", 7 },
        { "\"vectors\":[[0,", "\"vectors\":[[-1,", 7 },
        { "\"vectors\":[[0,", "\"vectors\":[[4294967296,", 3 },
        { "\"vectors\":[[0,24,", "\"vectors\":[[0,24,25,", 3 },
        { "\"vectors\":[[0,24,", "\"vectors\":[[0,9223372036854775807,", 7 },
        { "\"pairs\":[[0,1,", "\"pairs\":[[1,0,", 7 },
        { "\"pairs\":[[0,1,", "\"pairs\":[[0,", 3 },
        { "\"pairs\":[[0,1,", "\"pairs\":[[0,1.5,", 3 },
        { "\"pairs\":[", "\"pairs\":" + "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 3 },
        { "{\"tensor\"", "[{\"tensor\"", 3 },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_is_good_for_its_tensor_or_for_nothing(string from, string to, int kept)
    {
        List<string> lines = Split();
        int at = lines.FindIndex(l => l.Contains("\"model.embed_tokens.weight\",\"output\"", StringComparison.Ordinal));
        Assert.Contains(from, lines[at], StringComparison.Ordinal);
        lines[at] = from.Length == 0 ? lines[at] : lines[at].Replace(from, to, StringComparison.Ordinal);
        byte[] journal = Join(lines);
        Outcome outcome = JournalTrial.Run(_right, journal, _ => { }, RightResult.Options);
        Assert.Empty(outcome.Faults);
        Assert.Null(outcome.Error);
        _right.Clear();
        _right.WriteUnfinished();
        File.WriteAllBytes(Path.Combine(_right.Partial, "journal"), journal);
        Assert.Equal(kept, _right.Merge(RightResult.Options with { Resume = true }).ResumedTensors);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"cabs\":7}")]
    [InlineData("{\"cabs\":\"\\ud800\"}")]
    [InlineData("{\"plan\":{\"models\":[{\"name\":\"\\ud800\"}]}}")]
    public void A_first_line_of_no_merge_is_refused(string line)
    {
        List<string> lines = Split();
        lines[0] = line;
        Outcome outcome = JournalTrial.Run(_right, Join(lines), _ => { }, RightResult.Options);
        Assert.Empty(outcome.Faults);
        Assert.Equal(CabsError.ResumeMismatch, outcome.Error);
        Assert.StartsWith($"{_right.Destination}: the unfinished merge is not this one: ", outcome.Message, StringComparison.Ordinal);
        Assert.EndsWith("; begin anew without resuming", outcome.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lock", true)]
    [InlineData("lock", false)]
    [InlineData("journal", true)]
    [InlineData("journal", false)]
    [InlineData("result", true)]
    [InlineData("result/config.json", true)]
    [InlineData("result/model-00001-of-00004.safetensors", true)]
    public void A_link_is_not_written_through(string part, bool resumes)
    {
        if (OperatingSystem.IsWindows())
            return;
        _right.WriteUnfinished();
        string link = Path.Combine(_right.Partial, part), file = _folder.Path("mine"), folder = _folder.Path("my");
        File.WriteAllText(file, "mine");
        Directory.CreateDirectory(folder);
        if (Directory.Exists(link))
            Directory.Delete(link, recursive: true);
        File.Delete(link);
        File.CreateSymbolicLink(link, part == "result" ? folder : file);
        CabsException refused = Assert.Throws<CabsException>(() => _right.Merge(RightResult.Options with { Resume = resumes }));
        Assert.Equal((CabsError.WriteFailed, $"{link}: is a link, where a merge keeps its unfinished result; remove it"), (refused.Error, refused.Message));
        Assert.Equal("mine", File.ReadAllText(file));
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        Assert.NotNull(new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void A_pipe_instead_of_a_journal_is_none()
    {
        if (OperatingSystem.IsWindows())
            return;
        _right.WriteUnfinished();
        string journal = Path.Combine(_right.Partial, "journal");
        File.Delete(journal);
        System.Diagnostics.Process.Start("mkfifo", [journal]).WaitForExit();
        MergeResult? result = null;
        Assert.Empty(Attempts.Run(_right.Folder, attempts => attempts.Try(() => result = _right.Merge(RightResult.Options with { Resume = true }))).Faults);
        Assert.Equal(0, result!.ResumedTensors);
        Assert.True(_right.IsRight());
    }

    private List<string> Split() => [.. _right.Draft(_right.Journal).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[16..])];

    private byte[] Join(IEnumerable<string> lines) => [.. lines.SelectMany(l => JournalNoise.Seal(_right.Finish(l)))];
}
