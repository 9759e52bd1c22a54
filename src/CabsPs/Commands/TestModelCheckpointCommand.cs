using System.Management.Automation;
using CabsPs.Engine.Integrity;

namespace CabsPs.Commands;

/// <summary>Checks models on disk: structure, every byte against cabs.json where a merge left one, NaN and infinity. What is wrong stands in
/// the object that comes out; with -Quiet that is $true or $false.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ModelCheckpoint", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ModelVerification), typeof(bool))]
public sealed class TestModelCheckpointCommand : PathCommand
{
    /// <summary>Takes the SHA-256 of the weight files, and compares it where the merge took it too.</summary>
    [Parameter]
    public SwitchParameter Sha256 { get; set; }

    /// <summary>Lets NaN and infinity pass.</summary>
    [Parameter]
    public SwitchParameter AllowNonFinite { get; set; }

    /// <summary>Tensors read at a time; one per core without.</summary>
    [Parameter]
    [Alias("Threads")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; }

    /// <summary>Gives $true or $false alone.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void Process(string path)
    {
        VerificationResult found = Run(cancel => new CheckpointVerification(path, Sha256, AllowNonFinite).Execute(ThrottleLimit, cancel));
        if (Quiet)
            WriteObject(found.IsGood);
        else
            WriteObject(new ModelVerification(found));
    }
}
