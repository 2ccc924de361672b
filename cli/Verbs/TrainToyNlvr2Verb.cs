using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train toy-nlvr2</c>: the toy BLIP-NLVR2, plain or at a budget of multiply-accumulates.</summary>
internal static class TrainToyNlvr2Verb
{
    public static Command Create()
    {
        var reduce = new Option<double?>("--reduce") { Description = "Fine-tune to this share of the multiply-accumulates, such as 0.5." };
        var method = new Option<string>("--method") { Description = "What meets the budget: madtp takes tokens out, upop parameters.", DefaultValueFactory = _ => "madtp" };
        method.AcceptOnlyFromAmong("madtp", "upop");
        var from = new Option<string?>("--from") { Description = "Weights to fine-tune; those that come with the kit otherwise." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over the training pairs, instead of the recipe's." };
        var seed = new Option<long>("--seed") { Description = "Seed of weights and order.", DefaultValueFactory = _ => 1 };
        var stop = new Option<double?>("--stop-at") { Description = "Stop at the end of an epoch with this validation accuracy, such as 0.97." };
        var after = new Option<int?>("--stop-after") { Description = "Stop at the end of this epoch, in the middle of the schedule." };
        var folder = new Option<string?>("--out") { Description = "Folder of the run: checkpoint, log, weights (artifacts/runs/… otherwise)." };
        var resume = new Option<bool>("--resume") { Description = "Go on where the folder's run stopped." };
        var pairs = new Option<int?>("--pairs") { Description = "Training pairs to draw, a multiple of four, instead of 12,000; dev and test shrink with them." };
        var calibration = new Option<int?>("--calibration") { Description = "Training examples that --reduce looks at, instead of 200.", HelpName = "N" };
        var steps = new TrainingOptions();
        var command = new Command("toy-nlvr2", "The toy BLIP-NLVR2: statements about pairs of drawn scenes.") { reduce, method, from, epochs, seed, stop, after, pairs, calibration, folder, resume };
        steps.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(method) == "upop")
            {
                var upop = ToyUPopRecipe.For(
                    parsed.GetValue(reduce) ?? throw new ArgumentException("--method upop prunes to a budget: give --reduce, such as --reduce 0.5"),
                    parsed.GetValue(from),
                    parsed.GetValue(seed),
                    parsed.GetValue(epochs) ?? 2);
                upop = upop with
                {
                    World = World(parsed.GetValue(pairs)),
                    Training = upop.Training with { Search = steps.Apply(parsed, upop.Training.Search), Retraining = steps.Apply(parsed, upop.Training.Retraining) },
                };
                var run = parsed.GetValue(folder) ?? KitFolder.File("artifacts", "runs", Path.GetFileNameWithoutExtension(upop.FileName));
                return Task.FromResult(Run(view => upop.Run(run, parsed.GetValue(resume), view, cancellation), run, upop.FileName));
            }

            var recipe = parsed.GetValue(reduce) is { } share ? ToyNlvr2Recipe.Reduced(share, parsed.GetValue(from)) : ToyNlvr2Recipe.Plain with { From = parsed.GetValue(from) };
            recipe = recipe with
            {
                World = World(parsed.GetValue(pairs)),
                Task = recipe.Task with { CalibrationExamples = parsed.GetValue(calibration) ?? recipe.Task.CalibrationExamples },
                Training = steps.Apply(parsed, recipe.Training) with
                {
                    Epochs = parsed.GetValue(epochs) ?? recipe.Training.Epochs,
                    Seed = parsed.GetValue(seed),
                    StopAtAccuracy = parsed.GetValue(stop),
                    StopAfterEpoch = parsed.GetValue(after),
                },
            };
            var into = parsed.GetValue(folder) ?? DefaultFolder(recipe);
            return Task.FromResult(Run(view => recipe.Run(into, parsed.GetValue(resume), view, cancellation), into, ToyNlvr2.FileName(recipe.MacShare)));
        });
        return command;
    }

    private static ToyWorldSettings World(int? pairs) => pairs is { } count ? ToyWorldSettings.Scaled(new ToyWorldSettings().Seed, count) : new ToyWorldSettings();

    private static string DefaultFolder(ToyNlvr2Recipe recipe) => KitFolder.File("artifacts", "runs", Path.GetFileNameWithoutExtension(ToyNlvr2.FileName(recipe.MacShare)));

    private static int Run(Func<Action<TrainingProgress>, ToyNlvr2Report?> train, string folder, string weights)
    {
        using var view = new TrainingView();
        var report = train(view.Show);
        if (report is null)
        {
            Console.WriteLine($"stopped; --resume goes on from {folder}");
            return 1;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"dev {report.Dev.Accuracy:P1}, test {report.Test.Accuracy:P1} at {report.Test.MacShare:P1} of the multiply-accumulates"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test with images shuffled {report.ShuffledImages.Accuracy:P1}, with text shuffled {report.ShuffledText.Accuracy:P1}"));
        if (report.Calibration is { } calibration)
        {
            Console.WriteLine($"calibration: {calibration}");
        }

        Console.WriteLine($"weights: {Path.Combine(folder, weights)}");
        return 0;
    }
}
