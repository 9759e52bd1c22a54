using System.Text;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Reports;
using CabsPs.Fuzzing;

namespace CabsPs.Engine.Tests.Hostile;

/// <summary>A cabs.json that a stranger wrote beside right files, with the right hash of its own bytes: it is verified and resumed into without harm, and
/// what it says wrongly is found. More of them are made by a seed, see <see cref="HostileInputTests"/>.</summary>
public sealed class HostileManifestTests : IDisposable
{
    private const string NoManifest = "cabs.json: is not a manifest of this program";
    private readonly TemporaryFolder _folder = new();
    private readonly RightResult _right;

    public HostileManifestTests() => _right = new RightResult(_folder.Path());

    public static TheoryData<string, string, string, string, string> Changes { get; } = new()
    {
        { "a tensor twice", "{\"name\":\"empty\"", "{\"name\":\"d\"", NoManifest, NoManifest },
        { "a file twice", "\"README.md\"", "\"config.json\"", NoManifest, NoManifest },
        { "a member twice", "\"files\": [", "\"files\": [], \"files\": [", NoManifest, NoManifest },
        { "a hash that is none", "\"xxh128\":\"", "\"xxh128\":\"x", NoManifest, NoManifest },
        { "a file of a number", "\"name\":\"config.json\"", "\"name\":7", NoManifest, NoManifest },
        { "a name of half a character", "\"name\":\"config.json\"", "\"name\":\"\\ud800\"", NoManifest, NoManifest },
        { "a path of a number", "\"path\": \"/F/a/model.safetensors\"", "\"path\": 7", string.Empty, "a/model.safetensors path is '" },
        { "a path of half a character", "\"path\": \"/F/a", "\"path\": \"\\udc00", string.Empty, "text that stands for no characters" },
        { "a plan that is deep", "\"method\": \"cabs\"", "\"method\": [[[[[[[[]]]]]]]]", string.Empty, "plan method is 'cabs' and was 'a list'" },
        { "a plan that is deeper", "\"method\": \"cabs\"", "\"method\": " + new string('[', 100) + new string(']', 100), NoManifest, NoManifest },
        { "a version of a megabyte", "\"cabs\": \"", "\"cabs\": \"" + new string('9', 1_000_000), string.Empty, "cabs is" },
        { "a size that is no long", "\"bytes\":", "\"bytes\":9999999999999999999", NoManifest, NoManifest },
        { "overlaps of nothing", "\"first\":", "\"third\":", NoManifest, NoManifest },
        { "a vector of another model", "{\"name\":\"a\",\"weight\"", "{\"name\":\"z\",\"weight\"", string.Empty, "tells of a model that is not merged" },
        { "a hash of an input left out", "\"inputs\":[{\"file\":0,", "\"inputs\":[],\"more\":[{\"file\":0,", string.Empty, "does not tell of tensor" },
        { "a small file that is not there", "\"name\":\"config.json\"", "\"name\":\"other.json\"", "other.json: is missing", "'other.json' is missing" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Changes))]
    public void What_it_says_wrongly_is_found(string name, string from, string to, string found, string refused)
    {
        _ = name;
        string draft = _right.Draft(_right.Manifest);
        int at = draft.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at > 0, from);
        byte[] manifest = ManifestNoise.Seal(_right.Finish(draft[..at] + to + draft[(at + from.Length)..]));
        Outcome outcome = ManifestTrial.Run(_right, manifest, RightResult.Options);
        Assert.Empty(outcome.Faults);
        Assert.Contains(refused, outcome.Message, StringComparison.Ordinal);
        Assert.Contains("; give a new folder or force replacing", outcome.Message, StringComparison.Ordinal);
        VerificationResult result = new CheckpointVerification(_right.Destination).Execute();
        if (found.Length == 0)
            Assert.Empty(result.Problems);
        else
            Assert.Contains(result.Problems, p => p.Message.Contains(found, StringComparison.Ordinal));
        // with force the right result takes its place
        Assert.Empty(ManifestTrial.Run(_right, manifest, RightResult.Options with { Force = true }).Faults);
        Assert.True(_right.IsRight());
    }

    [Fact]
    public void Weights_that_it_does_not_list_are_named()
    {
        _right.WriteResult();
        string path = Path.Combine(_right.Destination, "cabs.json");
        var root = System.Text.Json.Nodes.JsonNode.Parse(_right.Manifest)!.AsObject();
        root["weights"]!.AsArray().RemoveAt(0);
        File.WriteAllBytes(path, ManifestNoise.Seal(Encoding.UTF8.GetBytes(root.ToJsonString(new() { WriteIndented = true, NewLine = "\n" }) + "\n")));
        CheckpointProblem problem = Assert.Single(new CheckpointVerification(_right.Destination).Execute().Problems);
        Assert.Contains("model-00001-of-", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith(": was not written by the merge: cabs.json does not list it", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", false, "'config.json' is missing")]
    [InlineData("model-00002-of-00004.safetensors", false, "'model-00002-of-00004.safetensors' is missing")]
    [InlineData("model-00002-of-00004.safetensors", true, "'model-00002-of-00004.safetensors' has 9 bytes instead of ")]
    public void A_result_that_is_not_whole_is_not_taken_for_complete(string file, bool cut, string lack)
    {
        _right.WriteResult();
        string path = Path.Combine(_right.Destination, file);
        File.Delete(path);
        if (cut)
            File.WriteAllBytes(path, new byte[9]);
        CabsException refused = Assert.Throws<CabsException>(() => _right.Merge(RightResult.Options with { Resume = true }));
        Assert.Equal(CabsError.ResumeMismatch, refused.Error);
        Assert.StartsWith($"{_right.Destination}: is not the whole result of this merge: {lack}", refused.Message, StringComparison.Ordinal);
        _right.Merge(RightResult.Options with { Resume = true, Force = true });
        Assert.True(_right.IsRight());
    }

    [Fact]
    public void Tensors_by_the_hundred_thousand_that_are_not_there_are_counted()
    {
        string draft = _right.Draft(_right.Manifest);
        string entries = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{{\"name\":\"x{i}\",\"xxh128\":\"{new string('0', 32)}\",\"inputs\":[]}},"));
        _right.WriteResult();
        File.WriteAllBytes(Path.Combine(_right.Destination, "cabs.json"), ManifestNoise.Seal(_right.Finish(draft.Replace("\"tensors\": [", "\"tensors\": [" + entries, StringComparison.Ordinal))));
        VerificationResult result = new CheckpointVerification(_right.Destination).Execute();
        Assert.Equal(1001, result.Problems.Count);
        Assert.EndsWith("99000 more tensors are missing", result.Problems[^1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cabs.json", false, "cabs.json: is damaged")]
    [InlineData("cabs.json", true, "cabs.json: is damaged")]
    [InlineData("config.json", false, "config.json: has 0 bytes instead of")]
    [InlineData("config.json", true, "config.json: has 0 bytes instead of")]
    public void Pipes_and_devices_are_not_read(string file, bool device, string message)
    {
        if (OperatingSystem.IsWindows())
            return;
        _right.WriteResult();
        string path = Path.Combine(_right.Destination, file);
        File.Delete(path);
        if (device)
            File.CreateSymbolicLink(path, "/dev/zero");
        else
            System.Diagnostics.Process.Start("mkfifo", [path]).WaitForExit();
        Outcome outcome = Attempts.Run(_right.Folder, attempts =>
        {
            attempts.Try(() => Assert.Contains(new CheckpointVerification(_right.Destination).Execute(threads: 1).Problems, p => p.Message.Contains(message, StringComparison.Ordinal)));
            attempts.Try(() => MergedFolder.Read(_right.Destination));
            attempts.Try(() => _right.Merge(RightResult.Options with { Resume = true }));
        });
        Assert.Empty(outcome.Faults);
        // a merge that resumes looks whether small files are there, not what they are
        Assert.Equal(file == "cabs.json", outcome.Error is not null);
    }

    [Fact]
    public void A_hubs_cache_of_links_is_what_was_written()
    {
        if (OperatingSystem.IsWindows())
            return;
        _right.WriteResult();
        Directory.CreateDirectory(_folder.Path("blobs"));
        foreach (string file in Directory.GetFiles(_right.Destination))
        {
            File.Move(file, _folder.Path("blobs", Path.GetFileName(file)));
            File.CreateSymbolicLink(file, $"../blobs/{Path.GetFileName(file)}");
        }

        Assert.Empty(new CheckpointVerification(_right.Destination, sha256: true).Execute().Problems);
    }
}
