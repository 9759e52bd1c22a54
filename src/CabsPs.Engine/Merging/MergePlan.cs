using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>A tensor of an expert that does not reach the result.</summary>
/// <param name="Model">The expert's name.</param>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Reason">Why.</param>
public sealed record LeftOutTensor(string Model, string Tensor, string Reason);

/// <summary>A file of the result before it exists.</summary>
/// <param name="Name">Its name in the result's folder.</param>
/// <param name="ByteLength">Its size.</param>
public sealed record OutputFile(string Name, long ByteLength);

/// <summary>Everything that will happen, decided before the first byte is computed: per tensor its inputs, action and type, and
/// the place of every byte of the result.</summary>
public sealed class MergePlan
{
    internal MergePlan(MergeDefinition definition, ModelSet models, PlanDraft draft, MergeOptions options)
    {
        Definition = definition;
        Models = [.. models.All.Concat(draft.RowDonors).Distinct()];
        Donor = models.Donor;
        Base = models.Base;
        Inputs = models.Inputs;
        IReadOnlyList<TensorPlan> tensors = Tensors = draft.Tensors;
        LeftOut = draft.LeftOut;
        Options = options;
        Layout = OutputLayout.Create([.. tensors.Select(t => t.Output)], options.ShardBytes);
        ConfigType = Checkpoint.DominantType(tensors.Select(t => (t.Output.Type, t.Output.Count)));
        TokenizerFiles = draft.TokenizerFiles ?? [];
        SideFiles = [.. Checkpoints.SideFiles.List(Donor, draft.Warnings).Where(f => (draft.TokenizerFiles is null && !options.LeavesOutTokenizer) || !TokenizerOutput.IsTokenizerFile(Path.GetFileName(f)))];
        ConfigText = Donor.Config is { } config ? new ConfigEditor(config, draft.Warnings).Edit(ConfigType, ChangedLayers(draft), draft.VocabularySize) : null;
        Warnings = draft.Warnings;
        Model = new ModelContext(definition, tensors, options.LinearAlgebra ?? options.Engine.LinearAlgebra);
        ModelStages stages = NewStages();
        Sweeps = stages.Measures.Sum(m => m.Sweeps);
        Passes = new int[tensors.Count];
        int longest = 1;
        var whole = new List<(TensorPlan, long)>();
        var wished = new List<long>();
        Dictionary<TensorPlan, TensorContext> contexts = stages.Measures.Any() ? Model.Tensors.ToDictionary<TensorContext, TensorPlan>(t => t.Plan, ReferenceEqualityComparer.Instance) : [];
        for (int i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Action == TensorAction.Copy && tensors[i].Source.Delta is not null)
                throw NeedsModel(tensors[i].Source);
            if (tensors[i].Action != TensorAction.Merge)
                continue;
            if (tensors[i].Inputs.Index().FirstOrDefault(t => t.Item.Delta is not null && tensors[i].RowsOf(t.Index) is not null).Item is { } mapped)
                throw new CabsException(CabsError.MethodNeedsModels, $"{mapped.File}: the rows of {Text.Quote(mapped.Name)} cannot be fitted to another vocabulary, because the file holds differences alone; give the model that it was taken from", mapped.File);
            (Passes[i], int block, long held, long wish) = tensors[i].InDouble ? Shape<double>(stages, tensors[i], contexts, options.Engine) : Shape<float>(stages, tensors[i], contexts, options.Engine);
            if (held > 0)
                whole.Add((tensors[i], held));
            wished.Add(wish);
            // what only measures reads tiles of the usual length, also where the method's own are shorter
            int tile = Math.Max(MemoryBudget.TileFor(block), Sweeps > 0 ? MemoryBudget.DefaultTileLength : 1);
            longest = Math.Max(longest, (int)Math.Min(tile, tensors[i].Output.Count));
        }

        StreamCount = Inputs.Count + tensors.Select(t => t.Statistics.Count).DefaultIfEmpty().Max();
        Memory = MemoryBudget.For(StreamCount + 1, longest, stages.Measures.Sum(m => m.BytesPerThread), whole, wished, tensors.Any(t => t.InDouble || t.Output.Type == DType.F64), options);
    }

    /// <summary>What was asked for.</summary>
    public MergeDefinition Definition { get; }

    /// <summary>All models that are read, each once.</summary>
    public IReadOnlyList<Checkpoint> Models { get; }

    /// <summary>The model that gives the result its config.json and small files: the base, or the first model.</summary>
    public Checkpoint Donor { get; }

    /// <summary>The base; null where there is none or the method has no use for it.</summary>
    public Checkpoint? Base { get; }

    /// <summary>The other models, in the definition's order.</summary>
    public IReadOnlyList<Checkpoint> Inputs { get; }

    /// <summary>The tensors of the result, in the order of their names.</summary>
    public IReadOnlyList<TensorPlan> Tensors { get; }

    /// <summary>Tensors of experts that do not reach the result.</summary>
    public IReadOnlyList<LeftOutTensor> LeftOut { get; }

    /// <summary>What the user may not have meant.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>How it will be carried out.</summary>
    public MergeOptions Options { get; }

    /// <summary>Where every byte of the result goes.</summary>
    public OutputLayout Layout { get; }

    /// <summary>The type config.json will name: the one most weights have.</summary>
    public DType? ConfigType { get; }

    /// <summary>Full paths of the donor's small files that are copied.</summary>
    public IReadOnlyList<string> SideFiles { get; }

    /// <summary>The result's tokenizer files where they are not the donor's.</summary>
    public IReadOnlyList<TokenizerFile> TokenizerFiles { get; }

    /// <summary>Folders that tokenizer files are copied from.</summary>
    internal IEnumerable<string> TokenizerFolders => TokenizerFiles.Where(f => f.Source is not null).Select(f => Path.GetDirectoryName(f.Source!)!).Distinct();

    /// <summary>The result's config.json, or null when the donor has none.</summary>
    public byte[]? ConfigText { get; }

    /// <summary>The model card and the recipe; where the result's other files have one of their names, those stay.</summary>
    internal IReadOnlyList<(string Name, byte[] Content)> CardFiles
    {
        get
        {
            if (!Options.WritesModelCard)
                return [];
            var files = new List<(string Name, byte[] Content)> { (ModelCard.FileName, ModelCard.Write(this)) };
            if (Options.RecipeText is { } recipe)
                files.Add((Options.RecipeName, System.Text.Encoding.UTF8.GetBytes(recipe)));
            var taken = SideFiles.Select(f => Path.GetFileName(f)).Concat(TokenizerFiles.Select(f => f.Name)).ToHashSet(StringComparer.OrdinalIgnoreCase);
            return [.. files.Where(f => !taken.Contains(f.Name))];
        }
    }

    // about: what is kept is known only at the end
    private long ManifestBytes => 2048 + (Options.RecipeText?.Length ?? 0) + Models.Sum(m => m.Files.Sum(f => 200L + f.Length)) + Tensors.Sum(t => 170L + t.Output.Name.Length + t.Read.Sum(i => 70L + i.Name.Length));

    /// <summary>Names and sizes of all files of the result: weights, their index, config.json, side files, model card, and cabs.json,
    /// whose size is an estimate.</summary>
    public IReadOnlyList<OutputFile> OutputFiles
    {
        get
        {
            var files = Layout.Shards.Select(s => new OutputFile(s.FileName, s.ByteLength)).ToList();
            if (Layout.Index is { } index)
                files.Add(new OutputFile(Checkpoint.IndexFile, index.Length));
            if (ConfigText is { } text)
                files.Add(new OutputFile(ModelConfig.FileName, text.Length));
            files.AddRange(TokenizerFiles.Select(f => new OutputFile(f.Name, f.ByteLength)));
            files.AddRange(SideFiles.Select(f => new OutputFile(Path.GetFileName(f), InputFile.Look(f).Length)));
            files.AddRange(CardFiles.Select(f => new OutputFile(f.Name, f.Content.Length)));
            files.Add(new OutputFile(MergeManifest.FileName, ManifestBytes));
            return files;
        }
    }

    /// <summary>Buffers and what they cost.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>Bytes that will be read from the models, measuring passes included.</summary>
    public long BytesToRead => Tensors.Select((t, i) => BytesOf(i) + (t.Action == TensorAction.Merge ? t.ByteLength * Sweeps : 0)).Sum();

    /// <summary>Bytes that are read for one tensor, sweeps apart.</summary>
    internal long BytesOf(int tensor) => Tensors[tensor].ByteLength * (1 + Passes[tensor]);

    /// <summary>Per tensor how often it is read before the pass that writes.</summary>
    internal int[] Passes { get; }

    /// <summary>How often all merged tensors are read before the first is written; more where equal weights must be told apart.</summary>
    internal int Sweeps { get; }

    /// <summary>The merged tensors as one.</summary>
    internal ModelContext Model { get; }

    /// <summary>Tensors read at once besides the base's: the models' and the statistics'.</summary>
    internal int StreamCount { get; }

    /// <summary>The computation of a run.</summary>
    internal ModelStages NewStages() => new(Model);

    private List<LayerChange> ChangedLayers(PlanDraft draft)
    {
        var donor = new LayerMap(Donor.Tensors.Select(t => t.Name));
        return [.. draft.Layers.Select(l => new LayerChange(l.Prefix, donor.Find(l.Prefix)?.Count ?? l.Count, l.Count)).Where(c => c.From != c.To)];
    }

    private CabsException NeedsModel(TensorInfo vector) =>
        new(CabsError.MethodNeedsModels, $"{vector.File}: holds differences alone, and method {Definition.Method.Name} computes with whole models; give the model that it was taken from", Definition.Method.Name);

    private (int Passes, int Block, long Held, long Wished) Shape<T>(ModelStages stages, TensorPlan tensor, Dictionary<TensorPlan, TensorContext> contexts, Compute.ComputeEngine engine)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        TensorKernel<T> kernel = stages.Bind(tensor, Numerics.Kernels.For<T>());
        if (!kernel.WantsDeltas && tensor.Inputs.FirstOrDefault(t => t.Delta is not null) is { } vector)
            throw NeedsModel(vector);
        engine.Check(kernel, Definition);
        long held = kernel.WholeBytes;
        foreach (ModelMeasure measure in stages.Measures)
        {
            TensorContext context = contexts[tensor];
            if (measure.Sweeps > 0 && measure.Covers(0, context))
                held = Math.Max(held, stages.Bind(measure, 0, context, Numerics.Kernels.For<T>()).WholeBytes);
        }

        return (kernel.MeasuringPasses, kernel.BlockLength, held, engine.GrantsWishes ? kernel.WishedBytes : 0);
    }
}
