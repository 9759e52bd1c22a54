using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Merging;

/// <summary>Turns a definition into a plan: opens the models (headers only), pairs their tensors and refuses what cannot be
/// merged, before anything is written.</summary>
public sealed class MergePlanner
{
    private readonly MergeDefinition _definition;
    private readonly ModelSet _models;
    private readonly PlanDraft _draft;
    private readonly Problems _problems;
    private readonly Dictionary<Checkpoint, ModuleMap> _maps = [];

    private MergePlanner(MergeDefinition definition, PlannedModels? planned, Problems problems, CancellationToken cancel)
    {
        _definition = definition;
        _problems = problems;
        _models = new ModelSet(definition, planned);
        _draft = new PlanDraft(definition, _models, problems, cancel);
    }

    /// <summary>Plans a merge.</summary>
    /// <param name="definition">What to merge and how.</param>
    /// <param name="options">How to carry it out.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">A model cannot be read, or the models do not fit together.</exception>
    public static MergePlan Plan(MergeDefinition definition, MergeOptions options, CancellationToken cancel = default) =>
        Plan(definition, options, null, new Problems(goOn: false), cancel)!;

    /// <summary>Plans a merge whose models need not all exist yet.</summary>
    /// <param name="definition">What to merge and how.</param>
    /// <param name="options">How to carry it out.</param>
    /// <param name="planned">Results of earlier merges.</param>
    /// <param name="problems">Collects what is wrong.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <returns>The plan; null after a problem.</returns>
    internal static MergePlan? Plan(MergeDefinition definition, MergeOptions options, PlannedModels? planned, Problems problems, CancellationToken cancel)
    {
        int before = problems.Found.Count;
        MergePlan? plan = null;
        problems.Attempt(() =>
        {
            var planner = new MergePlanner(definition, planned, problems, cancel);
            planner.PlanModules();
            if (problems.Found.Count > before)
                planner.BindAll();
            else
                plan = new MergePlan(definition, planner._models, planner._draft, options);
        });
        return plan;
    }

    // parameters are read when a computation is bound; after a problem with tensors, one with parameters is worth knowing too
    private void BindAll()
    {
        _problems.Attempt(() =>
        {
            var stages = new ModelStages(new ModelContext(_definition, _draft.Tensors));
            foreach (TensorPlan tensor in _draft.Tensors.Where(t => t.Action == TensorAction.Merge))
                stages.Bind(tensor, Numerics.Kernels.For<float>());
        });
    }

    private void PlanModules()
    {
        IReadOnlyList<MergeModule> modules = _definition.AllModules;
        bool complete = true;
        foreach (MergeSlice slice in modules.SelectMany(m => m.Slices))
            complete &= _problems.Attempt(() => CheckModels(slice));
        if (!complete)
            return;
        if (_definition.Modules.Count == 0)
            new WholePlanner(_draft).Plan(modules[0].Slices[0], [_definition.Parameters], null);
        else
            PlanParts(modules);
        _draft.Finish();
    }

    private void PlanParts(IReadOnlyList<MergeModule> modules)
    {
        foreach (MergeModule module in modules)
        {
            if (modules.Count(m => PartOf(_models.Donor, m) == PartOf(_models.Donor, module)) > 1)
                throw new CabsException(CabsError.RecipeInvalid, $"{module.Origin}: module {Text.Quote(module.Name!)} is the same part of the model as another one here; keep one", module.Name);
        }

        ModulePart[] named = [.. modules.Select(m => PartOf(_models.Donor, m))];
        ModulePart[] forgotten = [.. MapOf(_models.Donor).Parts.Except(named)];
        ModulePart? main = MapOf(_models.Donor).Homes.FirstOrDefault(named.Contains);
        foreach (ModulePart part in forgotten)
        {
            // an output head beside the parts belongs to one of them; anything larger must be named
            if (part.Stack is not null || part.Names.Count() > 2 || main is null)
                throw new CabsException(CabsError.RecipeInvalid, $"{modules[0].Origin ?? _definition.Origin}: the recipe says nothing of {part.Name} ({Text.Quote(part.Names.First())}, …); add it under 'modules'", part.Name);
        }

        for (int i = 0; i < modules.Count; i++)
        {
            MergeModule module = modules[i];
            bool takesStrays = named[i] == main;
            Func<Checkpoint, ModulePart> partOf = model => WithStrays(PartOf(model, module), takesStrays ? MapOf(model).Parts.Where(p => forgotten.Any(f => f.Name == p.Name)) : []);
            _problems.Attempt(() =>
            {
                if (module.Slices is [{ Sources: var sources } slice] && sources.All(s => s.Layers is null))
                    new WholePlanner(_draft).Plan(slice, [module.Parameters, _definition.Parameters], partOf);
                else
                    new SlicePlanner(_draft, module, partOf).Plan();
            });
        }
    }

    private static ModulePart WithStrays(ModulePart part, IEnumerable<ModulePart> strays) =>
        strays.Aggregate(part, (all, stray) => all with { Before = [.. all.Before, .. stray.Before], After = [.. all.After, .. stray.After] });

    private ModulePart PartOf(Checkpoint model, MergeModule module)
    {
        ModuleMap map = MapOf(model);
        if (map.Find(module.Name) is { } part)
            return part;
        string names = string.Join(", ", map.Parts.Select(p => p.Name));
        string origin = (module.Origin ?? module.Slices[0].Origin) is { } known ? $"{known}: " : string.Empty;
        throw new CabsException(CabsError.RecipeInvalid, module.Name is null
            ? $"{origin}{model.Path} consists of several parts ({names}); name them under 'modules', each with its own 'slices' or 'models'"
            : $"{origin}{model.Path} has no module {Text.Quote(module.Name)}{Suggestion.Hint(module.Name, map.Parts.Select(p => p.Name))} (it has {names})", module.Name ?? "slices");
    }

    private ModuleMap MapOf(Checkpoint model) => _maps.TryGetValue(model, out ModuleMap? map) ? map : _maps[model] = ModuleMap.Of(model);

    // the base rule and the number of models, before anything else
    private void CheckModels(MergeSlice slice)
    {
        MergeMethod method = _definition.Method;
        string where = slice.Origin is { } origin ? $"{origin}: " : string.Empty;
        if (method.BaseRule == BaseRule.Required && slice.BasePath is null)
            throw new CabsException(CabsError.RecipeInvalid, $"{where}method {method.Name} needs a base model; give 'base_model'", "base_model");
        int count = slice.Sources.Count(s => !_models.IsBase(slice, s));
        if (!method.InputCount.Allows(count))
            throw new CabsException(CabsError.RecipeInvalid, $"{where}method {method.Name} takes {method.InputCount}{(slice.BasePath is not null && method.BaseRule != BaseRule.Ignored ? " besides the base" : string.Empty)}, and there {(count == 1 ? "is 1" : $"are {count}")}", "models");
    }
}
