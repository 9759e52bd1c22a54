using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Fuzzing;

/// <summary>Tries models and a recipe as a user would: opens the model, checks the recipe, merges, opens the result.</summary>
public static class Trial
{
    /// <summary>Tries what lies in a folder: a recipe.yml and the models it names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model that is hostile, inside it.</param>
    public static Outcome Run(string folder, string model) => Attempts.Run(folder, attempts => TryAll(attempts, folder, model));

    private static void TryAll(Attempts attempts, string folder, string model)
    {
        attempts.Try(() =>
        {
            Checkpoint opened = Checkpoint.Open(Path.Combine(folder, model));
            _ = (opened.ParameterCount, opened.ByteLength, opened.MainType, opened.TiesEmbeddings, opened.Name);
        });
        attempts.Try(() =>
        {
            foreach (RecipeStep step in RecipeCheck.Run(Path.Combine(folder, "recipe.yml"), Attempts.Options, workingFolder: folder).Steps)
                attempts.Expect(step.Plan, merges: false);
        });
        string destination = Path.Combine(folder, "merged");
        attempts.Try(() =>
        {
            using RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(Path.Combine(folder, "recipe.yml"), folder), Attempts.Options, destination, Path.Combine(folder, "stages"));
            foreach (RecipeStep step in plan.Steps)
            {
                attempts.Expect(step.Plan, merges: true);
                new MergeRun(step.Plan).Execute(step.Destination);
                Checkpoint result = Checkpoint.Open(step.Destination);
                if (!result.Tensors.Select(t => (t.Name, t.Type, t.Count)).SequenceEqual(step.Plan.Tensors.Select(t => (t.Output.Name, t.Output.Type, t.Output.Count))))
                    attempts.Fault("its result has other tensors than the plan");
            }
        });
        foreach (string made in new[] { destination, Path.Combine(folder, "stages") })
        {
            if (Directory.Exists(made))
                Directory.Delete(made, recursive: true);
        }
    }
}
