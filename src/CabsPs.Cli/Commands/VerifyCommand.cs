using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Integrity;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs verify</c>: whether a model on disk is what was written.</summary>
internal sealed class VerifyCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs verify merged                                 every byte of a result against its cabs.json; exit code 1 on damage",
        "cabs verify models/base                            any model: headers, index, NaN and infinity",
        "cabs verify models/base --sha256                   the SHA-256 of its weight files too, as model hubs publish it",
    ];

    private readonly Argument<string> _model = new("MODEL") { Description = "A model folder or a .safetensors file." };
    private readonly Option<bool> _sha256 = new("--sha256") { Description = "Take the SHA-256 of the weight files, and compare it where the merge took it too." };
    private readonly Option<bool> _allowNonFinite = new("--allow-nonfinite") { Description = "Let NaN and infinity pass." };
    private readonly Option<string> _threads = new("--threads") { HelpName = "N", Description = "Tensors read at a time; one per core unless given." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of lines." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print nothing; the exit code tells." };

    public VerifyCommand(Streams streams, CancellationToken cancel)
        : base("verify", "Check structure and hashes of a model, and look for NaN and infinity.")
    {
        Add(_model);
        foreach (Option option in new Option[] { _sha256, _allowNonFinite, _threads, _json, _quiet })
            Add(option);
        SetAction(call =>
        {
            bool quiet = call.GetValue(_quiet);
            int threads = OptionValues.Count(call, _threads) ?? 0;
            streams.WhenCancelled = "cancelled; nothing is known of the model";
            var verification = new CheckpointVerification(call.GetRequiredValue(_model), call.GetValue(_sha256), call.GetValue(_allowNonFinite));
            VerificationResult result = ProgressBar.Watch(streams, quiet, () => verification.Progress, () => verification.Execute(threads, cancel));
            if (call.GetValue(_json))
                VerificationReport.WriteJson(streams, result);
            else if (!quiet)
                VerificationReport.Write(streams, result);
            return result.IsGood ? ExitCode.Success : ExitCode.Failure;
        });
    }

    public IReadOnlyList<string> AllExamples => Examples;
}
