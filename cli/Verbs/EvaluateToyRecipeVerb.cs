using System.CommandLine;
using Madtp.Kit.Madtp;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate toy-caption</c> and <c>kit evaluate toy-vqa</c>: the toy captioner and VQA model, with or without reduction, with their images or others'.</summary>
internal static class EvaluateToyRecipeVerb
{
    public static Command CreateCaption() => Create(ToyRecipe.Caption, "The toy captioner on its held-out scenes.");

    public static Command CreateVqa() => Create(ToyRecipe.Vqa, "The toy VQA model on questions about its held-out scenes.");

    private static Command Create(ToyRecipe recipe, string description)
    {
        var weights = new Option<string?>("--weights") { Description = "A weights file; those that come with the kit otherwise." };
        var reduce = new Option<double?>("--reduce") { Description = "The weights fine-tuned for this share of the multiply-accumulates, at their temperature." };
        var temperature = new Option<double?>("--temperature") { Description = "Reduce by MADTP at this temperature." };
        var shuffle = new Option<string>("--shuffle") { Description = "images: give every example another's, to show that they are needed.", DefaultValueFactory = _ => "none" };
        shuffle.AcceptOnlyFromAmong("none", "images");
        var split = new Option<string>("--split") { Description = "val or test.", DefaultValueFactory = _ => "test" };
        split.AcceptOnlyFromAmong("val", "test");
        var command = new Command(recipe.Name, description) { weights, reduce, temperature, shuffle, split };
        command.SetAction(parsed =>
        {
            using var run = recipe.Open(parsed.GetValue(weights) ?? ToyRecipe.WeightsPath(recipe.Name, parsed.GetValue(reduce)));
            using var reduction = (parsed.GetValue(temperature) ?? run.Temperature) is { } t ? TokenReduction.Attach(run.Reducible, ReductionPolicy.Fixed, t) : null;
            if (reduction is not null)
            {
                reduction.GatherFeatures = false;
            }

            var shuffled = parsed.GetValue(shuffle) == "images";
            ToyRecipeTable.Print(recipe, run.Score(parsed.GetValue(split)!, shuffled, reduction), shuffled ? $"{parsed.GetValue(split)}, images shuffled" : parsed.GetValue(split)!);
        });
        return command;
    }
}
