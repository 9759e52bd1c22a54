using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors.Files;

namespace CabsPs.Engine.TaskVectors;

/// <summary>The difference of a fine-tuned model from its base: a description by paths, without data.</summary>
/// <param name="Name">What results call it.</param>
/// <param name="BasePath">The base model.</param>
/// <param name="ModelPath">The fine-tuned model.</param>
public sealed record TaskVector(string Name, string BasePath, string ModelPath)
{
    /// <summary>λ; null restores the norm that sparsification took.</summary>
    public double? Weight { get; init; } = 1;

    /// <summary>The vectors it was sparsified with, itself among them; null while it is dense.</summary>
    public TaskVectorGroup? Group { get; init; }

    /// <summary>Describes one task vector per model.</summary>
    /// <param name="basePath">The base model.</param>
    /// <param name="modelPaths">The fine-tuned models.</param>
    /// <exception cref="CabsException">A model is the base itself.</exception>
    public static IReadOnlyList<TaskVector> Create(string basePath, IReadOnlyList<string> modelPaths)
    {
        foreach (string path in modelPaths)
        {
            if (ModelPaths.AreSame(path, basePath))
                throw new CabsException(CabsError.ExpertIsBase, $"{path}: is the base itself; its task vector is zero", path);
        }

        IReadOnlyList<string> names = ModelPaths.Names(modelPaths);
        return [.. modelPaths.Select((path, i) => new TaskVector(names[i], basePath, path))];
    }

    /// <summary>Describes a task vector that was stored in a file. It merges as if it were taken from its models again.</summary>
    /// <param name="file">The file.</param>
    /// <param name="origin">The base.</param>
    /// <exception cref="CabsException">It was taken from another base.</exception>
    public static TaskVector Import(VectorFile file, Checkpoint origin)
    {
        file.Over(origin);
        return new TaskVector(file.Name, origin.Path, file.Path)
        {
            Weight = file.Weight,
            Group = file.Sparsification is null ? null : new TaskVectorGroup(new StoredSparsifier(file), ParameterSet.Empty, [file.Path]),
        };
    }

    /// <summary>Sparsifies vectors together: their masks depend on all of them, whichever are merged later.</summary>
    /// <param name="vectors">Dense vectors of one base, in the order of assignment.</param>
    /// <param name="sparsifier">How.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <exception cref="CabsException">The vectors have different bases, or one is sparsified already.</exception>
    public static IReadOnlyList<TaskVector> Sparsify(IReadOnlyList<TaskVector> vectors, Sparsifier sparsifier, ParameterSet parameters)
    {
        CheckTogether(vectors);
        if (vectors.FirstOrDefault(v => v.Group is not null) is { } done)
            throw new CabsException(CabsError.AlreadySparsified, $"task vector {done.Name} is sparsified already; sparsify the dense one", done.Name);
        var group = new TaskVectorGroup(sparsifier, parameters, [.. vectors.Select(v => v.ModelPath)]);
        return [.. vectors.Select(v => v with { Group = group })];
    }

    /// <summary>Makes a merge of task vectors, summed in their order.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="method">How they are combined; one that sparsifies by itself leaves vectors that are sparsified already as they are, and refuses them
    /// when it is told how to sparsify.</param>
    /// <param name="parameters">Parameters of the merge as a whole.</param>
    /// <exception cref="CabsException">There is none, they have different bases, or one stands twice.</exception>
    public static MergeDefinition Define(IReadOnlyList<TaskVector> vectors, MergeMethod method, ParameterSet parameters)
    {
        CheckTogether(vectors);
        if (method.BaseRule == BaseRule.Ignored)
            throw new CabsException(CabsError.MethodNeedsModels, $"method {method.Name} merges whole models, not task vectors; write a recipe", method.Name);
        var inputs = vectors.Select(v => new ModelInput(v.Name, v.ModelPath, ParameterSet.Of(("weight", v.Weight is { } weight ? weight : "auto")))).ToList();
        var groups = new List<SparsifierGroup>();
        foreach (TaskVectorGroup group in vectors.Select(v => v.Group).OfType<TaskVectorGroup>().Distinct(ReferenceEqualityComparer.Instance).Cast<TaskVectorGroup>())
        {
            var members = new List<int>();
            IReadOnlyList<string> names = ModelPaths.Names(group.ModelPaths);
            foreach ((int place, string path) in group.ModelPaths.Index())
            {
                int index = vectors.ToList().FindIndex(v => ReferenceEquals(v.Group, group) && v.ModelPath == path);
                if (index < 0)
                {
                    index = inputs.Count;
                    inputs.Add(new ModelInput(names[place], path, ParameterSet.Empty) { Contributes = false });
                }

                members.Add(index);
            }

            groups.Add(new SparsifierGroup(group.Sparsifier, members, group.Parameters));
        }

        if (method.Sparsifier is { } own)
        {
            if (groups.Count > 0 && (own == CabsSparsifier.Instance || own.Parameters.Any(p => parameters.Names.Contains(p.Name))))
                throw new CabsException(CabsError.AlreadySparsified, $"method {method.Name} sparsifies by itself, but {vectors.First(v => v.Group is not null).Name} is sparsified already; give it dense task vectors, {(own == CabsSparsifier.Instance ? "or use task_arithmetic" : $"or leave out {string.Join(", ", own.Parameters.Select(p => p.Name))}")}", method.Name);
            if (groups.Count == 0)
                groups.Add(new SparsifierGroup(own, [.. Enumerable.Range(0, vectors.Count)]));
        }
        else if (groups.Count > 0 && method is not Merging.Methods.TaskVectorMethod)
        {
            throw new CabsException(CabsError.AlreadySparsified, $"method {method.Name} takes dense task vectors, but {vectors.First(v => v.Group is not null).Name} is sparsified; give it the dense one, or use task_arithmetic", method.Name);
        }

        return new MergeDefinition { Method = method, BasePath = vectors[0].BasePath, Inputs = inputs, Groups = groups, Parameters = parameters };
    }

    private static void CheckTogether(IReadOnlyList<TaskVector> vectors)
    {
        if (vectors.Count == 0)
            throw new CabsException(CabsError.NothingToMerge, "no task vector came in; give at least one");
        for (int i = 0; i < vectors.Count; i++)
        {
            if (!ModelPaths.AreSame(vectors[i].BasePath, vectors[0].BasePath))
                throw new CabsException(CabsError.BasesDiffer, $"task vectors {vectors[0].Name} and {vectors[i].Name} have different bases, {vectors[0].BasePath} and {vectors[i].BasePath}", vectors[i].Name);
            if (vectors.Take(i).Any(v => ModelPaths.AreSame(v.ModelPath, vectors[i].ModelPath)))
                throw new CabsException(CabsError.DuplicateModel, $"{vectors[i].ModelPath}: stands twice among the task vectors; give it once", vectors[i].ModelPath);
        }
    }
}

/// <summary>Vectors sparsified together.</summary>
/// <param name="Sparsifier">How.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="ModelPaths">The models, in the order of assignment.</param>
public sealed record TaskVectorGroup(Sparsifier Sparsifier, ParameterSet Parameters, IReadOnlyList<string> ModelPaths);
