using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Integrity;

/// <summary>Damage is found and named.</summary>
public sealed class VerificationTests : IDisposable
{
    private readonly Workbench _bench = new();
    private readonly string _merged;

    public VerificationTests()
    {
        foreach ((string name, int seed) in new[] { ("base", 1), ("a", 2) })
        {
            var random = new Random(seed);
            _bench.Model(name, [.. Enumerable.Range(0, 5).Select(t => ($"t{t}", Enumerable.Range(0, 1000).Select(_ => random.NextSingle()).ToArray()))]);
        }

        _bench.Write("{}", "base", "tokenizer.json");
        _merged = _bench.Run(Cabs("weight: 1", "a"), new MergeOptions { ShardBytes = 9000, Sha256 = true }).Path;
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_good_result_is_good()
    {
        VerificationResult result = new CheckpointVerification(_merged, sha256: true).Execute();
        Assert.True(result is { IsGood: true, HasManifest: true, TensorCount: 5, ByteLength: 20_000, Files.Count: 3 });
        Assert.All(result.Files, f => Assert.Equal(64, f.Sha256!.Length));
    }

    [Theory]
    [InlineData("tokenizer.json", "tokenizer.json: has 3 bytes instead of 2", "{ }")]
    [InlineData("tokenizer.json", "tokenizer.json: has other bytes than were written", "[]")]
    [InlineData("README.md", "README.md: is missing", null)]
    [InlineData("model.safetensors.index.json", "model.safetensors.index.json: has 2 bytes instead of", "{}")]
    [InlineData("cabs.json", "cabs.json: is damaged", "{}")]
    public void Small_files_are_compared(string file, string message, string? content)
    {
        if (content is null)
            File.Delete(Path.Combine(_merged, file));
        else
            File.WriteAllText(Path.Combine(_merged, file), content);
        Assert.Contains(Verify().Problems, p => p.Message.StartsWith(Path.Combine(_merged, message), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../base/tokenizer.json")]
    [InlineData("/dev/zero")]
    [InlineData("..")]
    public void A_manifest_that_names_files_elsewhere_is_not_followed(string name)
    {
        // forged with the right hash of its own bytes
        string path = Path.Combine(_merged, "cabs.json");
        string text = File.ReadAllText(path).Replace("\"tokenizer.json\"", $"\"{name}\"", StringComparison.Ordinal);
        int at = text.LastIndexOf("\"xxh128\": \"", StringComparison.Ordinal) + 11;
        string blank = text[..at] + new string('0', 32) + text[(at + 32)..];
        File.WriteAllText(path, text[..at] + Digest.Of(System.Text.Encoding.UTF8.GetBytes(blank)) + text[(at + 32)..]);
        Assert.Equal($"{path}: is not a manifest of this program", Assert.Single(Verify().Problems).Message);
    }

    [Fact]
    public void Single_bits_turned_over_are_found_and_the_tensor_they_lie_in_is_named()
    {
        // the whole test is "flips --count 1000" of the benchmarks' program
        var trial = new CabsPs.Bench.FlipTrial(_merged, new Random(1));
        for (int i = 0; i < 60; i++)
            Assert.Null(trial.Next().Failure);
        Assert.True(Verify().IsGood);
    }

    [Fact]
    public void A_lost_shard_does_not_hide_damage_in_another()
    {
        File.Delete(Path.Combine(_merged, "model-00001-of-00003.safetensors"));
        Change("model-00003-of-00003.safetensors", -1, 0x40);
        VerificationResult result = Verify();
        Assert.Contains(result.Problems, p => p is { Kind: CheckpointProblemKind.FileMissing } && p.File.EndsWith("model-00001-of-00003.safetensors", StringComparison.Ordinal));
        Assert.Contains(result.Problems, p => p is { Kind: CheckpointProblemKind.TensorChanged, Tensor: "t4" });
    }

    [Fact]
    public void A_cut_file_is_named()
    {
        using (FileStream file = File.OpenWrite(Path.Combine(_merged, "model-00002-of-00003.safetensors")))
            file.SetLength(file.Length - 1);
        Assert.Contains(Verify().Problems, p => p is { Kind: CheckpointProblemKind.FileSize } && p.File.EndsWith("model-00002-of-00003.safetensors", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(DType.F32, new byte[] { 0, 0, 0xC0, 0x7F })]
    [InlineData(DType.F32, new byte[] { 0, 0, 0x80, 0xFF })]
    [InlineData(DType.F64, new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x7F })]
    [InlineData(DType.F16, new byte[] { 0, 0x7C })]
    [InlineData(DType.BF16, new byte[] { 0x80, 0xFF })]
    [InlineData(DType.C64, new byte[] { 0, 0, 0, 0, 0, 0, 0x80, 0x7F })]
    [InlineData(DType.F8_E5M2, new byte[] { 0xFC })]
    [InlineData(DType.F8_E4M3, new byte[] { 0x7F })]
    [InlineData(DType.F8_E8M0, new byte[] { 0xFF })]
    public void Values_that_are_not_finite_are_found_in_any_model(DType type, byte[] value)
    {
        byte[] bytes = new byte[200 * type.Size()];
        value.CopyTo(bytes, 123 * type.Size());
        _bench.Raw("model", ("good", type, [200], new byte[bytes.Length]), ("bad", type, [20, 10], bytes));
        VerificationResult result = new CheckpointVerification(_bench.Path("model")).Execute();
        CheckpointProblem problem = Assert.Single(result.Problems);
        Assert.Equal((CheckpointProblemKind.NonFinite, "bad", false), (problem.Kind, problem.Tensor, result.HasManifest));
        Assert.EndsWith("tensor 'bad' holds 1 NaN or infinite values, the first at index 123", problem.Message, StringComparison.Ordinal);
        Assert.True(new CheckpointVerification(_bench.Path("model"), allowNonFinite: true).Execute().IsGood);
    }

    [Fact]
    public void Largest_finite_values_and_integers_pass()
    {
        _bench.Raw("model", ("f32", DType.F32, [2], [0xFF, 0xFF, 0x7F, 0x7F, 0xFF, 0xFF, 0x7F, 0xFF]), ("bf16", DType.BF16, [1], [0x7F, 0x7F]), ("e4m3", DType.F8_E4M3, [1], [0x7E]), ("i32", DType.I32, [1], [0xFF, 0xFF, 0xFF, 0x7F]));
        Assert.True(new CheckpointVerification(_bench.Path("model")).Execute().IsGood);
    }

    [Fact]
    public void A_folder_without_a_model_is_a_problem_and_a_path_without_anything_an_error()
    {
        Directory.CreateDirectory(_bench.Path("nothing"));
        Assert.Equal(CheckpointProblemKind.Structure, Assert.Single(new CheckpointVerification(_bench.Path("nothing")).Execute().Problems).Kind);
        Fails(CabsError.CheckpointNotFound, () => new CheckpointVerification(_bench.Path("nowhere")).Execute());
    }

    private VerificationResult Verify() => new CheckpointVerification(_merged).Execute();

    private void Change(string name, int place, byte bits)
    {
        using FileStream file = File.Open(Path.Combine(_merged, name), FileMode.Open);
        file.Position = place < 0 ? file.Length + place : place;
        int value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ bits));
    }
}
