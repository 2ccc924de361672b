using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Models;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train nlvr2</c>: BLIP on NLVR2's files, by the paper's recipe.</summary>
internal static class TrainNlvr2Verb
{
    public static Command Create()
    {
        var checkpoint = new Option<string>("--checkpoint") { Description = "The weights to begin with, such as BLIP's model_base_nlvr.pth; the model's sizes follow from them.", HelpName = "FILE", Required = true };
        var data = new Option<string>("--data") { Description = "The folder of all data sets, or NLVR2's own.", HelpName = "DIR", DefaultValueFactory = _ => "data" };
        var reduce = new Option<double?>("--reduce") { Description = "Fine-tune to this share of the multiply-accumulates, such as 0.5.", HelpName = "SHARE" };
        var method = new Option<string>("--method") { Description = "What takes tokens out: a name that './kit experiment --help' lists.", DefaultValueFactory = _ => "MADTP" };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over the training split, instead of the paper's 15 (25 at a fifth of the multiply-accumulates)." };
        var rate = new Option<double?>("--learning-rate") { Description = "Instead of the paper's 3e-6." };
        var seed = new Option<long>("--seed") { Description = "Seed of order, augmentation and alignment guidance.", DefaultValueFactory = _ => 1 };
        var examples = new Option<int?>("--examples") { Description = "Train on the first examples only.", HelpName = "N" };
        var tokens = new Option<int>("--learnable-tokens") { Description = "K.", DefaultValueFactory = _ => 100 };
        var width = new Option<int>("--alignment-width") { Description = "d_k.", DefaultValueFactory = _ => 768 };
        var unmapped = new Option<bool>("--no-alignment-map") { Description = "Compares tokens with the learnable ones as they are (d_k is the encoder's width), like the released BLIP." };
        var dropPath = new Option<double>("--drop-path") { Description = "Of the image encoder's last block.", DefaultValueFactory = _ => 0.1 };
        var imageSize = new Option<int?>("--image-size") { Description = "Another image side than the checkpoint's, in pixels.", HelpName = "PIXELS" };
        var vocabulary = new Option<string?>("--vocab") { Description = "The vocabulary, if it does not lie beside the data.", HelpName = "FILE" };
        var device = DeviceOption.Create();
        var folder = new Option<string?>("--out") { Description = "Folder of the run: checkpoint, log, weights (artifacts/runs/… otherwise).", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "Go on where the folder's run stopped." };
        var steps = new TrainingOptions();
        var command = new Command("nlvr2", "BLIP on NLVR2's files by the paper's recipe, plain or at a budget of multiply-accumulates.")
        {
            checkpoint, data, reduce, method, epochs, rate, seed, examples, tokens, width, unmapped, dropPath, imageSize, vocabulary, device, folder, resume,
        };
        steps.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var chosen = MethodNames.Of(parsed.GetRequiredValue(method));
            if (chosen.PrunesParameters)
            {
                throw new ArgumentException($"{chosen.Name} prunes parameters: './kit experiment --task nlvr2 --method {chosen.Name} --reduce …' runs it");
            }

            var recipe = Nlvr2Recipe.Paper(parsed.GetRequiredValue(checkpoint), parsed.GetRequiredValue(data), parsed.GetValue(reduce));
            recipe = recipe with
            {
                Method = chosen.Pruning,
                Task = recipe.Task with { AlignmentWeight = chosen.AlignmentWeight },
                Training = steps.Apply(parsed, recipe.Training) with
                {
                    Epochs = parsed.GetValue(epochs) ?? recipe.Training.Epochs,
                    LearningRate = parsed.GetValue(rate) ?? recipe.Training.LearningRate,
                    Seed = parsed.GetValue(seed),
                },
                Alignment = new AlignmentConfig(parsed.GetValue(tokens), parsed.GetValue(width), parsed.GetValue(unmapped) ? AlignmentMapping.None : AlignmentMapping.PerLayer),
                DropPath = parsed.GetValue(dropPath),
                ImageSize = parsed.GetValue(imageSize),
                TrainExamples = parsed.GetValue(examples),
                Vocabulary = parsed.GetValue(vocabulary),
                Device = DeviceOption.Use(parsed, device, steps.Precision(parsed)),
            };
            return Task.FromResult(Run(recipe, parsed.GetValue(folder) ?? KitFolder.File("artifacts", "runs", Path.GetFileNameWithoutExtension(recipe.FileName)), parsed.GetValue(resume), cancellation));
        });
        return command;
    }

    private static int Run(Nlvr2Recipe recipe, string folder, bool resume, CancellationToken cancellation)
    {
        Nlvr2Report? report;
        using (var view = new TrainingView())
        {
            report = recipe.Run(folder, resume, view.Show, cancellation);
        }

        if (report is null)
        {
            Console.WriteLine($"stopped; --resume goes on from {folder}");
            return 1;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"dev {report.Dev.Accuracy:P2}, test {report.Test.Accuracy:P2} at {report.Test.MacShare:P1} of the multiply-accumulates"));
        if (report.Calibration is { } calibration)
        {
            Console.WriteLine($"calibration: {calibration}");
        }

        Console.WriteLine($"weights: {Path.Combine(folder, recipe.FileName)}");
        return 0;
    }
}
