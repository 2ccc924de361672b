using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train toy-clip</c> and <c>kit train toy-retrieval</c>: the toy retrieval models, plain or at a budget of multiply-accumulates.</summary>
internal static class TrainToyRetrievalVerb
{
    public static Command CreateClip() => Create(ToyRetrievalRecipe.Clip, "The toy CLIP: captions of drawn scenes, ranked by similarity.");

    public static Command CreateBlip() => Create(ToyRetrievalRecipe.Blip, "The toy BLIP for retrieval: captions of drawn scenes, ranked by similarity, then read with their image.");

    private static Command Create(ToyRetrievalRecipe plain, string description)
    {
        var reduce = new Option<double?>("--reduce") { Description = "Fine-tune with MADTP to this share of the multiply-accumulates, such as 0.5." };
        var from = new Option<string?>("--from") { Description = "Weights to begin with; with --reduce, those that come with the kit otherwise." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over the training captions, instead of the recipe's." };
        var seed = new Option<long>("--seed") { Description = "Seed of weights and order.", DefaultValueFactory = _ => 1 };
        var images = new Option<int?>("--images") { Description = "Training scenes to draw, instead of 6,000; validation and test shrink with them." };
        var calibration = new Option<int?>("--calibration") { Description = "Training examples that --reduce looks at, instead of 200.", HelpName = "N" };
        var folder = new Option<string?>("--out") { Description = "Folder of the run: checkpoint, log, weights (artifacts/runs/… otherwise)." };
        var resume = new Option<bool>("--resume") { Description = "Go on where the folder's run stopped." };
        var command = new Command(plain.Name, description) { reduce, from, epochs, seed, images, calibration, folder, resume };
        var steps = new TrainingOptions();
        steps.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var recipe = parsed.GetValue(reduce) is { } share ? plain.Reduced(share, parsed.GetValue(from)) : plain with { From = parsed.GetValue(from) };
            recipe = recipe with
            {
                Task = recipe.Task with { CalibrationExamples = parsed.GetValue(calibration) ?? recipe.Task.CalibrationExamples },
                World = parsed.GetValue(images) is { } count ? ToyPictureSettings.Scaled(recipe.World.Seed, count).Coco : recipe.World,
                Training = steps.Apply(parsed, recipe.Training) with
                {
                    Epochs = parsed.GetValue(epochs) ?? recipe.Training.Epochs,
                    Seed = parsed.GetValue(seed),
                },
            };
            var run = parsed.GetValue(folder) ?? KitFolder.File("artifacts", "runs", Path.GetFileNameWithoutExtension(recipe.FileName));
            return Task.FromResult(Run(recipe, run, parsed.GetValue(resume), cancellation));
        });
        return command;
    }

    private static int Run(ToyRetrievalRecipe recipe, string folder, bool resume, CancellationToken cancellation)
    {
        using var view = new TrainingView();
        if (recipe.Run(folder, resume, view.Show, cancellation) is not { } report)
        {
            Console.WriteLine($"stopped; --resume goes on from {folder}");
            return 1;
        }

        RetrievalTable.Print(report.Validation);
        RetrievalTable.Print(report.Test);
        if (report.Calibration is { } calibration)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"calibration: {calibration}"));
        }

        Console.WriteLine($"weights: {Path.Combine(folder, recipe.FileName)}");
        return 0;
    }
}
