using System.CommandLine;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>
/// <c>kit train TASK</c>: trains a task's model, plain or at a budget, in the toy world or from a checkpoint on files.
/// </summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "train", "Train a model; a run that was interrupted goes on with --resume.",
            "./kit train toy-nlvr2 --reduce 0.5 --out RUN");
        TaskOptions.Names.ToList().ForEach(name => verb.Add(Create(name)));
        verb.Add(PretrainVerb.Create());
        return verb;
    }

    private static Verb Create(string name)
    {
        var task = new TaskOptions("train", name, "The weights to begin with", " With --reduce those of the kit otherwise.");
        var verb = task.Verb;
        var epochs = verb.Option<int?>("--epochs", "Passes over the training examples, instead of the recipe's.", "N");
        var rate = verb.Option<double?>("--learning-rate", "Learning rate after the warm-up, instead of the recipe's.", "RATE");
        var seed = verb.Option("--seed", "Seed of order, augmentation and whatever begins anew.", "N", () => 1L);
        var examples = verb.Option<int?>(
            "--examples", "The first training examples only; 0 meets the budget without training.", "N");
        var batch = verb.Option<int?>("--batch-size", "Examples per step, instead of the recipe's.", "N");
        var accumulate = verb.Option<int?>("--accumulate", "Parts that a batch is worked through in, for less memory.", "N");
        var recompute = verb.Option<bool>("--recompute", "Gradient checkpointing: computes blocks twice, for much less memory.");
        var every = verb.Option<int?>("--checkpoint-every", "Steps between checkpoints, instead of the recipe's.", "N");
        var after = verb.Option<int?>("--stop-after", "Stop at the end of this epoch, in the middle of the schedule.", "N");
        var at = verb.Option<double?>("--stop-at", "Stop at the end of an epoch with this validation accuracy, such as 0.97.");
        var score = verb.Option<string[]?>(
            "--score", "Splits to score the weights on; the task's usual one otherwise, none for none.", "SPLIT");
        score.AllowMultipleArgumentsPerToken = true;
        var limit = verb.Option<int?>("--limit", "Score the first examples of each split only.", "N");
        var tokens = verb.Option<int?>(
            "--learnable-tokens", "K: alignment guidance begins anew, instead of the checkpoint's or 100.", "N");
        var width = verb.Option<int?>(
            "--alignment-width", "d_k: alignment guidance begins anew, instead of the checkpoint's or 768.", "N");
        var unmapped = verb.Option<bool>("--no-alignment-map", "Alignment guidance begins anew and compares tokens as they are.");
        var dropPath = verb.Option<double?>("--drop-path", "Probability of skipping a branch of BLIP's last image block.");
        var watched = verb.Option<int?>("--watch", "Validation examples scored at the end of each epoch, instead of 1,000.", "N");
        var withValidation = verb.Option<bool>(
            "--with-val", "VQA: learn val2014's questions too, as BLIP does for the test server.");
        var withGenome = verb.Option<bool>("--with-visual-genome", "VQA: learn Visual Genome's questions too, as BLIP does.");
        Array.ForEach<Option>(
            task.IsToy ? [tokens, width, unmapped, dropPath, watched] : [], option => verb.Options.Remove(option));
        Array.ForEach<Option>(
            task.IsToy || task.Task != "vqa" ? [withValidation, withGenome] : [], option => verb.Options.Remove(option));
        verb.SetAction((parsed, cancellation) =>
        {
            var ratio = task.Reduce(parsed);
            var method = task.Method(parsed) ?? Methods.Of("MADTP");
            var recipe = task.Corpus(parsed) is { } corpus ? Recipe.Decoys(corpus, ratio)
                : task.IsToy ? Recipe.Toy(task.Task, ratio, method.PrunesParameters) : Recipe.Paper(task.Task, task.Dataset(parsed), ratio);
            var own = recipe.Task.Alignment;
            var map = parsed.GetValue(unmapped) ? AlignmentMapping.None : own.Map;
            var settings = task.Apply(parsed, recipe.Task) with
            {
                Checkpoint = task.Checkpoint(parsed) ?? recipe.Task.Checkpoint
                    ?? (task.IsToy && ratio is not null ? task.ToyWeightsFor(parsed, null) : null),
                Alignment = new AlignmentConfig(parsed.GetValue(tokens) ?? own.Tokens, parsed.GetValue(width) ?? own.Width, map),
                NewAlignment = recipe.Task.NewAlignment
                    || (parsed.GetValue(tokens) ?? parsed.GetValue(width)) is not null || parsed.GetValue(unmapped),
                AlignmentWeight = ratio is null && task.Method(parsed) is null ? 0 : method.AlignmentWeight,
                Guidance = method.Guidance,
                DropPath = parsed.GetValue(dropPath) ?? recipe.Task.DropPath,
                WatchedExamples = parsed.GetValue(watched) ?? recipe.Task.WatchedExamples,
                TrainExamples = parsed.GetValue(examples),
                TrainOnValidation = parsed.GetValue(withValidation),
                VisualGenome = parsed.GetValue(withGenome),
            };
            var world = task.Corpus(parsed) is { } spoken ? $"toy-{ToyModels.DecoysName(spoken)}" : name;
            var folder = ratio is null ? world : FormattableString.Invariant($"{world}-{MethodOption.Word(method)}-{ratio}");
            return Task.FromResult(Train(task.Run(parsed, settings, KitFolder.File("artifacts", "runs", folder)) with
            {
                Training = recipe.Training with
                {
                    Epochs = parsed.GetValue(epochs) ?? recipe.Training.Epochs,
                    LearningRate = parsed.GetValue(rate) ?? recipe.Training.LearningRate,
                    Seed = parsed.GetValue(seed),
                    BatchSize = parsed.GetValue(batch) ?? recipe.Training.BatchSize,
                    AccumulateSteps = parsed.GetValue(accumulate) ?? recipe.Training.AccumulateSteps,
                    GradientCheckpointing = parsed.GetValue(recompute),
                    Precision = task.Precision(parsed),
                    CheckpointEvery = parsed.GetValue(every) ?? recipe.Training.CheckpointEvery,
                    StopAfterEpoch = parsed.GetValue(after),
                    StopAtAccuracy = parsed.GetValue(at),
                },
                PrunesParameters = method.PrunesParameters,
                UpdateEvery = task.IsToy ? 10 : 50,
                Scored = parsed.GetValue(score) is { Length: > 0 } splits ? [.. splits.Where(split => split != "none")] : null,
                Scoring = new() { Limit = parsed.GetValue(limit) },
            }, cancellation));
        });
        return verb;
    }

    private static int Train(Run run, CancellationToken cancellation)
    {
        using var training = new TrainingView();
        using var scoring = new EvaluationView();
        if ((run with { Scoring = run.Scoring with { Progress = scoring } }).Train(training.Show, cancellation) is not { } report)
        {
            Console.WriteLine($"stopped; --resume goes on from {run.Folder}");
            return cancellation.IsCancellationRequested ? CommandLine.Interrupted : 1;
        }

        scoring.Dispose();
        var watched = report.Watched;
        Console.WriteLine(FormattableString.Invariant(
            $"watched: {watched.Accuracy:P1} of {watched.Examples} at {watched.MacShare:P1} of the multiply-accumulates"));
        report.Scores.Values.ToList().ForEach(scores => EvaluateVerb.Print(scores, run.Task));
        Console.WriteLine($"weights: {report.Weights}");
        return 0;
    }
}
