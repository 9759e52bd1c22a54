using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>What the cmdlets that write a merged model share: how it is stored, what it may cost, progress and the result.</summary>
public abstract class MergeCommand : CabsCommand
{
    /// <summary>The type the weights are stored as; without it, each tensor keeps the promoted type of its inputs (or what a
    /// recipe says).</summary>
    [Parameter]
    [SafetensorsName]
    public TensorType? DType { get; set; }

    /// <summary>The most bytes of tensors in one file.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long ShardSize { get; set; } = OutputLayout.DefaultShardBytes;

    /// <summary>The most bytes that buffers may take together.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long MaxMemory { get; set; } = MergeOptions.DefaultMaxMemory;

    /// <summary>Threads that compute; one per core without.</summary>
    [Parameter]
    [Alias("Threads")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; }

    /// <summary>What computes: managed, or torch where it is there; see Get-CabsEngine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(EngineCompleter))]
    public string? Engine { get; set; }

    /// <summary>What the engine computes on, such as cpu or cuda:0.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string? Device { get; set; }

    /// <summary>Seeds the methods that choose at random.</summary>
    [Parameter]
    public long Seed { get; set; }

    /// <summary>Lets NaN and infinity in the inputs through.</summary>
    [Parameter]
    public SwitchParameter AllowNonFinite { get; set; }

    /// <summary>Cuts embeddings and heads of different heights to the shortest, where a recipe has no <c>tokenizer</c> key; tokens of the longer
    /// ones are lost.</summary>
    [Parameter]
    public SwitchParameter UnsafeTruncateEmbedding { get; set; }

    /// <summary>Replaces what the folder holds, once the result is complete.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Goes on with what an interrupted merge of the same plan over the same inputs has finished; and keeps what is finished when
    /// this merge is interrupted.</summary>
    [Parameter]
    public SwitchParameter Resume { get; set; }

    /// <summary>What tells that the inputs are the same when going on: sizes, times and headers of their files, or all their bytes.</summary>
    [Parameter]
    public ResumeCheck ResumeCheck { get; set; }

    /// <summary>Takes the SHA-256 of every weight file, as model hubs publish it.</summary>
    [Parameter]
    public SwitchParameter Sha256 { get; set; }

    /// <summary>Writes no README.md and no copy of the recipe.</summary>
    [Parameter]
    public SwitchParameter NoModelCard { get; set; }

    /// <summary>Begins without asking how much room the disk has, for file systems that tell it wrong.</summary>
    [Parameter]
    public SwitchParameter IgnoreFreeSpace { get; set; }

    /// <summary>How merges are carried out.</summary>
    internal MergeOptions Options => new()
    {
        Threads = ThrottleLimit,
        MaxMemory = MaxMemory,
        ShardBytes = ShardSize,
        Force = Force,
        Resume = Resume || MyInvocation.BoundParameters.ContainsKey(nameof(ResumeCheck)),
        ResumeDeep = ResumeCheck == ResumeCheck.Deep,
        Sha256 = Sha256,
        WritesModelCard = !NoModelCard,
        IgnoresFreeSpace = IgnoreFreeSpace,
        Engine = ComputeEngines.Open(Engine, Device),
    };

    /// <summary>A definition with what the parameters say.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="isResult">False for a merge whose result only others use.</param>
    internal MergeDefinition Adjusted(MergeDefinition definition, bool isResult) =>
        definition with { AllowNonFinite = AllowNonFinite, TruncateEmbeddings = UnsafeTruncateEmbedding, Seed = Seed, OutputType = (isResult ? TypeOf(DType) : null) ?? definition.OutputType };

    /// <summary>Carries out a merge.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="destination">Where its result goes, for the progress bar.</param>
    /// <param name="execute">Runs it; null runs it by itself.</param>
    internal MergeResult Execute(MergePlan plan, string destination, Func<MergeRun, CancellationToken, Engine.Merging.MergeResult>? execute = null)
    {
        var run = new MergeRun(plan);
        var progress = new ProgressReporter(this, $"Merging into {destination}", () => run.Progress, plan.Tensors.Select(t => t.Output.Name));
        try
        {
            Engine.Merging.MergeResult merged = Run(cancel => execute is null ? run.Execute(destination, cancel) : execute(run, cancel), progress.Report);
            foreach (string warning in merged.LateWarnings)
                WriteWarning(warning);
            var result = new MergeResult(merged);
            WriteVerbose($"{destination}: {Text.Bytes(result.SizeBytes)} in {Text.Time(result.Duration)}, {Text.Bytes(result.BytesPerSecond)}/s; at most {Text.Bytes(result.PeakMemoryBytes)} of memory in use");
            return result;
        }
        finally
        {
            progress.Complete();
        }
    }

    /// <summary>Says what a plan is about to do, for <c>-WhatIf</c> and <c>-Confirm</c>.</summary>
    internal static string Describe(MergePlan plan, string destination) =>
        $"merge {string.Join(", ", plan.Definition.Inputs.Where(i => i.Contributes).Select(i => i.Name))}{(plan.Base is null ? string.Empty : $" into {plan.Base.Name}")} by {plan.Definition.Method.Name}: "
        + $"read {Text.Bytes(plan.BytesToRead)}, write {Text.Bytes(plan.Layout.ByteLength)} in {plan.Layout.Shards.Count} file(s) to {destination}, about {Text.Bytes(plan.Memory.ExpectedBytes)} of memory";

    /// <summary>Says what the user may not have meant.</summary>
    internal void Tell(MergePlan plan)
    {
        foreach (string warning in plan.Warnings)
            WriteWarning(warning);
        if (plan.LeftOut.Count > 0)
            WriteWarning($"{plan.LeftOut.Count} tensor(s) of {plan.LeftOut.Select(t => t.Model).Distinct().Count()} model(s) are left out, {Text.Quote(plan.LeftOut[0].Tensor)} of {plan.LeftOut[0].Model} for one: {plan.LeftOut[0].Reason}; the result lists them under LeftOut");
        WriteVerbose($"{plan.Tensors.Count(t => t.Action == TensorAction.Merge)} tensors are merged, {plan.Tensors.Count(t => t.Action != TensorAction.Merge)} copied, on {plan.Memory.Threads} thread(s)");
    }

    private static DType? TypeOf(TensorType? type) => type switch
    {
        null => null,
        TensorType.BFloat16 => CabsPs.Engine.Checkpoints.DType.BF16,
        TensorType.Float16 => CabsPs.Engine.Checkpoints.DType.F16,
        TensorType.Float64 => CabsPs.Engine.Checkpoints.DType.F64,
        _ => CabsPs.Engine.Checkpoints.DType.F32,
    };
}
