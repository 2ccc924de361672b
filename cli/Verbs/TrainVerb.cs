using Madtp.Kit.Madtp;
using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Models;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train TASK</c>: trains a task's model, plain or at a budget, in the toy world or from a checkpoint on files.</summary>
internal static class TrainVerb
{
    private const int Stopped = 130;

    public static Command Create()
    {
        var command = new Command("train", "Train a model; a run that was interrupted goes on with --resume.");
        foreach (var name in TaskOptions.Names)
        {
            command.Add(Create(name));
        }

        return command;
    }

    private static Command Create(string name)
    {
        var task = new TaskOptions(name, "The weights to begin with; the model's sizes follow from its tensors. In the toy world with --reduce those that come with the kit, else none.");
        var folder = new Option<string?>("--out") { Description = "Folder of the run: checkpoint, log, weights, scores (artifacts/runs/… otherwise).", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "Go on where the folder's run stopped." };
        var fresh = new Option<bool>("--fresh") { Description = "Throw away what the folder's run has left." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over the training examples, instead of the recipe's.", HelpName = "N" };
        var rate = new Option<double?>("--learning-rate") { Description = "Learning rate after the warm-up, instead of the recipe's." };
        var seed = new Option<long>("--seed") { Description = "Seed of order, augmentation and whatever begins anew.", DefaultValueFactory = _ => 1 };
        var examples = new Option<int?>("--examples") { Description = "The first training examples only; 0 meets the budget without training.", HelpName = "N" };
        var after = new Option<int?>("--stop-after") { Description = "Stop at the end of this epoch, in the middle of the schedule.", HelpName = "N" };
        var stop = new Option<double?>("--stop-at") { Description = "Stop at the end of an epoch with this validation accuracy, such as 0.97." };
        var tokens = new Option<int?>("--learnable-tokens") { Description = "K: alignment guidance begins anew with so many, instead of the checkpoint's own or 100.", HelpName = "N" };
        var width = new Option<int?>("--alignment-width") { Description = "d_k: alignment guidance begins anew with it, instead of the checkpoint's own or 768.", HelpName = "N" };
        var unmapped = new Option<bool>("--no-alignment-map") { Description = "Alignment guidance begins anew and compares tokens as they are (d_k is the encoders' width), like the released BLIP." };
        var dropPath = new Option<double?>("--drop-path") { Description = "Probability of skipping a branch of BLIP's last image block, instead of 0.1." };
        var score = new Option<string[]?>("--score") { Description = "Splits that the trained weights are scored on; the task's usual one otherwise, none for none.", HelpName = "SPLIT", AllowMultipleArgumentsPerToken = true };
        var limit = new Option<int?>("--limit") { Description = "Score the first examples of each split only.", HelpName = "N" };
        var watched = new Option<int?>("--watch") { Description = "Validation images or questions scored at the end of each epoch, instead of 1,000.", HelpName = "N" };
        var withValidation = new Option<bool>("--with-val") { Description = "Learn the questions about val2014 too, as BLIP does for the test server." };
        var withGenome = new Option<bool>("--with-visual-genome") { Description = "Learn Visual Genome's questions (vg_qa.json) too, as BLIP does." };
        var steps = new TrainingOptions();
        var command = new Command(name, task.Description);
        task.AddTo(command);
        Option[] ofFiles = task.IsToy ? [] : [tokens, width, unmapped, dropPath, watched, .. task.Task == "vqa" ? [withValidation, withGenome] : Array.Empty<Option>()];
        Array.ForEach<Option>([folder, resume, fresh, epochs, rate, seed, examples, after, stop, score, limit, .. ofFiles], command.Add);
        steps.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var ratio = task.Reduce(parsed);
            var chosen = task.Method(parsed) ?? Methods.Of("madtp");
            var recipe = task.IsToy ? Recipe.Toy(task.Task, ratio) : Recipe.Paper(task.Task, task.Dataset(parsed), ratio);
            var own = recipe.Task.Alignment;
            var settings = task.Apply(parsed, recipe.Task) with
            {
                Checkpoint = task.Checkpoint(parsed) ?? (task.IsToy && ratio is not null ? task.ToyWeightsFor(null) : null),
                Alignment = new AlignmentConfig(parsed.GetValue(tokens) ?? own.Tokens, parsed.GetValue(width) ?? own.Width, parsed.GetValue(unmapped) ? AlignmentMapping.None : own.Map),
                NewAlignment = parsed.GetValue(tokens) is not null || parsed.GetValue(width) is not null || parsed.GetValue(unmapped),
                AlignmentWeight = ratio is null && task.Method(parsed) is null ? 0 : chosen.AlignmentWeight,
                DropPath = parsed.GetValue(dropPath) ?? recipe.Task.DropPath,
                WatchedExamples = parsed.GetValue(watched) ?? recipe.Task.WatchedExamples,
                TrainExamples = parsed.GetValue(examples),
                TrainOnValidation = parsed.GetValue(withValidation),
                VisualGenome = parsed.GetValue(withGenome),
            };
            return Task.FromResult(Train(new Run(task.Task, settings, parsed.GetValue(folder) ?? Folder(name, chosen.Name, ratio))
            {
                Training = steps.Apply(parsed, recipe.Training) with
                {
                    Epochs = parsed.GetValue(epochs) ?? recipe.Training.Epochs,
                    LearningRate = parsed.GetValue(rate) ?? recipe.Training.LearningRate,
                    Seed = parsed.GetValue(seed),
                    StopAfterEpoch = parsed.GetValue(after),
                    StopAtAccuracy = parsed.GetValue(stop),
                },
                Resume = parsed.GetValue(resume),
                Fresh = parsed.GetValue(fresh),
                PrunesParameters = chosen.PrunesParameters,
                UpdateEvery = task.IsToy ? 10 : 50,
                Scored = parsed.GetValue(score) is { Length: > 0 } splits ? [.. splits.Where(split => split != "none")] : null,
                Scoring = new() { Limit = parsed.GetValue(limit) },
            }, cancellation));
        });
        return command;
    }

    private static string Folder(string name, string method, double? ratio) =>
        KitFolder.File("artifacts", "runs", ratio is null ? name : FormattableString.Invariant($"{name}-{method.ToLowerInvariant().Replace(' ', '-')}-{ratio}"));

    private static int Train(Run run, CancellationToken cancellation)
    {
        try
        {
            using var training = new TrainingView();
            using var scoring = new EvaluationView();
            if ((run with { Scoring = run.Scoring with { Progress = scoring } }).Train(training.Show, cancellation) is not { } report)
            {
                Console.WriteLine($"stopped; --resume goes on from {run.Folder}");
                return cancellation.IsCancellationRequested ? Stopped : 1;
            }

            scoring.Dispose();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"watched: {report.Watched.Accuracy:P1} of {report.Watched.Examples} at {report.Watched.MacShare:P1} of the multiply-accumulates"));
            foreach (var scores in report.Scores.Values)
            {
                EvaluateVerb.Print(scores, run.Task);
            }

            Console.WriteLine($"weights: {report.Weights}");
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Console.Error.WriteLine($"kit: stopped while scoring; --resume goes on from {run.Folder}");
            return Stopped;
        }
    }
}
