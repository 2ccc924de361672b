using System.CommandLine;
using System.Globalization;
using Madtp.Kit.FineTuning;
using Madtp.Kit.Models;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train TASK --checkpoint F --data DIR</c>: any checkpoint on a task's real files, the toy world's or the published ones.</summary>
internal static class TrainTaskVerb
{
    private const int Stopped = 130;

    private static readonly Dictionary<string, string> Descriptions = new(StringComparer.Ordinal)
    {
        ["clip"] = "CLIP retrieval on COCO or Flickr30k in Karpathy's splits.",
        ["retrieval"] = "BLIP retrieval on COCO or Flickr30k in Karpathy's splits.",
        ["caption"] = "BLIP captioning on COCO in Karpathy's splits.",
        ["vqa"] = "BLIP VQA on VQA v2.",
    };

    /// <summary>The command of one task.</summary>
    public static Command Create(string task)
    {
        var checkpoint = new Option<string>("--checkpoint") { Description = "The weights to begin with; the model's sizes follow from its tensors.", HelpName = "FILE", Required = true };
        var data = new Option<string>("--data") { Description = "The folder of all data sets, or the task's own.", HelpName = "DIR", DefaultValueFactory = _ => "data" };
        var dataset = new Option<string>("--dataset") { Description = "coco or flickr30k, for retrieval.", DefaultValueFactory = _ => "coco" };
        var reduce = new Option<double?>("--reduce") { Description = "Reduce to this share of the multiply-accumulates, such as 0.5; without it nothing is reduced.", HelpName = "SHARE" };
        var method = MethodNames.Create("UPop takes parameters out instead. Usually madtp.");
        var folder = new Option<string?>("--out") { Description = "Folder of the run: checkpoint, log, weights, scores (artifacts/runs/… otherwise).", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "Go on where the folder's run stopped." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over the training examples, instead of the recipe's.", HelpName = "N" };
        var rate = new Option<double?>("--learning-rate") { Description = "Learning rate at the beginning, instead of the recipe's." };
        var seed = new Option<long>("--seed") { Description = "Seed of order, augmentation and whatever begins anew.", DefaultValueFactory = _ => 1 };
        var examples = new Option<int?>("--examples") { Description = "The first training captions or questions only.", HelpName = "N" };
        var after = new Option<int?>("--stop-after") { Description = "Stop at the end of this epoch, in the middle of the schedule.", HelpName = "N" };
        var tokens = new Option<int?>("--learnable-tokens") { Description = "K: alignment guidance begins anew with so many, instead of the checkpoint's own or 100.", HelpName = "N" };
        var width = new Option<int?>("--alignment-width") { Description = "d_k: alignment guidance begins anew with it, instead of the checkpoint's own or 768.", HelpName = "N" };
        var unmapped = new Option<bool>("--no-alignment-map") { Description = "Alignment guidance begins anew and compares tokens as they are (d_k is the encoders' width), like the released BLIP." };
        var dropPath = new Option<double?>("--drop-path") { Description = "Probability of skipping a branch of BLIP's last image block, instead of 0.1." };
        var imageSize = new Option<int?>("--image-size") { Description = "Another image side than the checkpoint's, in pixels.", HelpName = "PIXELS" };
        var vocabulary = new Option<string?>("--vocab") { Description = "The vocabulary, if it does not lie beside the data.", HelpName = "FILE" };
        var device = DeviceOption.Create();
        var workers = new Option<int>("--workers") { Description = "Images decoded at a time.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
        var score = new Option<string[]?>("--score") { Description = "Splits that the trained weights are scored on; the task's usual one otherwise, none for none.", HelpName = "SPLIT", AllowMultipleArgumentsPerToken = true };
        var limit = new Option<int?>("--score-limit") { Description = "Score the first examples of each split only.", HelpName = "N" };
        var watched = new Option<int?>("--watch") { Description = "Validation images or questions scored at the end of each epoch, instead of 1,000.", HelpName = "N" };
        var calibration = new Option<int?>("--calibration") { Description = "Training examples that --reduce looks at, instead of 200.", HelpName = "N" };
        var withValidation = new Option<bool>("--with-val") { Description = "VQA: learn the questions about val2014 too, as BLIP does for the test server." };
        var withGenome = new Option<bool>("--with-visual-genome") { Description = "VQA: learn Visual Genome's questions (vg_qa.json) too, as BLIP does." };
        var steps = new TrainingOptions();
        var command = new Command(task, Descriptions[task]) { checkpoint, data, dataset, reduce, method, folder, resume, epochs, rate, seed, examples, after, tokens, width, unmapped, dropPath, imageSize, vocabulary, device, workers, score, limit, watched, calibration };
        steps.AddTo(command);
        if (task == "vqa")
        {
            command.Add(withValidation);
            command.Add(withGenome);
        }

        command.SetAction((parsed, cancellation) =>
        {
            var share = parsed.GetValue(reduce);
            var name = parsed.GetValue(method) ?? "madtp";
            var chosen = MethodNames.Of(name) is { PrunesParameters: true } parameters ? parameters : MethodNames.Tokens(name);
            var recipe = FineTuningRecipe.Of(task, parsed.GetRequiredValue(dataset), share);
            recipe = recipe with
            {
                Alignment = new AlignmentConfig(parsed.GetValue(tokens) ?? recipe.Alignment.Tokens, parsed.GetValue(width) ?? recipe.Alignment.Width, parsed.GetValue(unmapped) ? AlignmentMapping.None : recipe.Alignment.Map),
                NewAlignment = parsed.GetValue(tokens) is not null || parsed.GetValue(width) is not null || parsed.GetValue(unmapped),
                AlignmentWeight = share is null && parsed.GetValue(method) is null ? 0 : chosen.AlignmentWeight,
                DropPath = parsed.GetValue(dropPath) ?? recipe.DropPath,
                WatchedExamples = parsed.GetValue(watched) ?? recipe.WatchedExamples,
                CalibrationExamples = parsed.GetValue(calibration) ?? recipe.CalibrationExamples,
                Training = steps.Apply(parsed, recipe.Training) with
                {
                    Epochs = parsed.GetValue(epochs) ?? recipe.Training.Epochs,
                    LearningRate = parsed.GetValue(rate) ?? recipe.Training.LearningRate,
                    Seed = parsed.GetValue(seed),
                    StopAfterEpoch = parsed.GetValue(after),
                },
            };
            return Task.FromResult(Run(task, new FineTuningSettings
            {
                Checkpoint = parsed.GetRequiredValue(checkpoint),
                Data = parsed.GetRequiredValue(data),
                Dataset = parsed.GetRequiredValue(dataset),
                Output = parsed.GetValue(folder) ?? KitFolder.File("artifacts", "runs", share is null ? task : FormattableString.Invariant($"{task}-{parsed.GetValue(method) ?? "madtp"}-{share}")),
                Resume = parsed.GetValue(resume),
                Recipe = recipe,
                MacShare = share,
                Method = chosen.Pruning,
                PrunesParameters = chosen.PrunesParameters,
                TrainExamples = parsed.GetValue(examples),
                TrainOnValidation = parsed.GetValue(withValidation),
                VisualGenome = parsed.GetValue(withGenome),
                ImageSize = parsed.GetValue(imageSize),
                Vocabulary = parsed.GetValue(vocabulary),
                Workers = parsed.GetValue(workers),
                Device = DeviceOption.Use(parsed, device, steps.Precision(parsed)),
                ScoredSplits = parsed.GetValue(score) is { Length: > 0 } splits ? [.. splits.Where(split => split != "none")] : null,
                ScoredExamples = parsed.GetValue(limit),
            }, cancellation));
        });
        return command;
    }

    private static int Run(string task, FineTuningSettings settings, CancellationToken cancellation)
    {
        try
        {
            using var training = new TrainingView();
            using var scoring = new EvaluationView();
            if (FineTuner.Run(task, settings, training.Show, scoring, cancellation) is not { } report)
            {
                Console.WriteLine($"stopped; --resume goes on from {settings.Output}");
                return 1;
            }

            scoring.Dispose();
            Print(report);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Console.Error.WriteLine($"kit: stopped while scoring; --resume goes on from {settings.Output}");
            return Stopped;
        }
    }

    private static void Print(FineTuningReport report)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"watched: {report.Watched.Accuracy:P1} of {report.Watched.Examples} at {report.Watched.MacShare:P1} of the multiply-accumulates"));
        foreach (var (split, scores) in report.Scores)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{split}, {scores.Examples} examples at {scores.MacShare:P1} of the multiply-accumulates"));
            EvaluateTaskVerb.Print(scores);
        }

        if (report.Calibration is { } calibration)
        {
            Console.WriteLine($"calibration: {calibration}");
        }

        Console.WriteLine($"weights: {report.Weights}");
    }
}
