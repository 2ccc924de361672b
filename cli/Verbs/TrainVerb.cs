using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train TASK</c>: trains a task's model, plain or at a budget, in the toy world or from a checkpoint on
/// files.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "train", "Train a model; a run that was interrupted goes on with --resume.",
            "./kit train toy-nlvr2 --reduce 0.5 --out RUN");
        TaskOptions.Names.ToList().ForEach(name => verb.Add(Create(name)));
        verb.Add(CreatePretraining());
        return verb;
    }

    private static Verb Create(string name)
    {
        var task = new TaskOptions("train", name, "The weights to begin with", " With --reduce those of the kit otherwise.");
        var verb = task.Verb;
        var epochs = verb.Number<int>("--epochs", "Passes over the training examples, instead of the recipe's.", 1, 1_000_000);
        var rate = verb.Number<double>(
            "--learning-rate", "Learning rate after the warm-up, instead of the recipe's.", 0, 1000, value: "RATE");
        var seed = verb.Number("--seed", "Seed of order, augmentation and whatever begins anew.", () => 1L);
        task.Set(verb.Number<int>(
            "--examples", "The first training examples only; 0 meets the budget without training.", 0),
            (settings, count) => settings with { TrainExamples = count });
        var batch = verb.Number<int>("--batch-size", "Examples per step, instead of the recipe's.", 1);
        var accumulate = verb.Number<int>("--accumulate", "Parts that a batch is worked through in, for less memory.", 1);
        var recompute = verb.Option<bool>("--recompute", "Gradient checkpointing: computes blocks twice, for much less memory.");
        var every = verb.Number<int>(
            "--checkpoint-every", "Steps between checkpoints, instead of the recipe's; 0 for epochs' ends alone.", 0);
        var log = verb.Number(
            "--log-every", "Steps that a line of the log averages over.", () => new TrainingSettings().LogEvery, 1);
        var after = verb.Number<int>("--stop-after", "Stop at the end of this epoch, in the middle of the schedule.", 1);
        var at = verb.Number<double>(
            "--stop-at", "Stop at the end of an epoch with this validation accuracy, such as 0.97.", 0, 1, value: "SHARE");
        var score = verb.Option<string[]?>(
            "--score", "Splits to score the weights on; the task's usual one otherwise, none for none.", "SPLIT",
            words: [.. task.SplitNames, "none"]);
        score.AllowMultipleArgumentsPerToken = true;
        Verb.Checked(score, name => name == "none" || task.SplitNames.Contains(name),
            $"{string.Join(", ", task.SplitNames)} or none");
        var limit = verb.Number<int>("--limit", "Score the first examples of each split only.", 1);
        if (!task.IsToy)
            AddOfFiles(task);

        verb.Does((parsed, cancellation) =>
        {
            task.Join(parsed);
            var asked = task.Apply(parsed, new TaskSettings());
            var (ratio, method) = (asked.ReduceRatio, task.Method(parsed) ?? Methods.Of("MADTP"));
            method.RequireReducing(ratio);
            if (ratio is null && method is { Pruning: not null, AlignmentWeight: 0 })
                throw new ArgumentException($"'{method.Name}' changes nothing where nothing is taken away: give --reduce");

            var recipe = asked.Corpus is { } corpus ? Recipe.Decoys(corpus, ratio)
                : task.IsToy ? Recipe.Toy(task.Task, ratio, method.PrunesParameters)
                : Recipe.Paper(task.Task, asked.Dataset, ratio);
            var settings = task.Apply(parsed, recipe.Task) with
            {
                Checkpoint = asked.Checkpoint ?? recipe.Task.Checkpoint
                    ?? (task.IsToy && ratio is not null ? task.ToyWeights(asked.Corpus, null) : null),
                AlignmentWeight = ratio is null && task.Method(parsed) is null ? 0 : method.AlignmentWeight,
                Guidance = method.Guidance,
                Device = task.Device(parsed),
            };
            var world = asked.Corpus is { } spoken ? $"toy-{ToyModels.DecoysName(spoken)}" : name;
            var folder = ratio is null ? world : FormattableString.Invariant($"{world}-{MethodOption.Word(method)}-{ratio}");
            return Train(task.Run(parsed, settings, KitFolder.File("artifacts", "runs", folder)) with
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
                    LogEvery = parsed.GetValue(log),
                    StopAfterEpoch = parsed.GetValue(after),
                    StopAtAccuracy = parsed.GetValue(at),
                },
                PrunesParameters = method.PrunesParameters,
                UpdateEvery = task.IsToy ? 10 : 50,
                Scored = parsed.GetValue(score) is { Length: > 0 } splits ? [.. splits.Where(split => split != "none")] : null,
                Scoring = new() { Limit = parsed.GetValue(limit) },
            }, cancellation);
        });
        return verb;
    }

    // What the toy world's recipes leave no choice of.
    private static void AddOfFiles(TaskOptions task)
    {
        void Anew<T>(Option<T?> option, Func<AlignmentConfig, T, AlignmentConfig> set)
            where T : struct => task.SetNumber(option, (settings, value) =>
                settings with { Alignment = set(settings.Alignment, value), NewAlignment = true });
        Anew(task.Verb.Number<int>(
            "--learnable-tokens", "K: alignment guidance begins anew, instead of the checkpoint's or 100.", 1, 100_000),
            (alignment, count) => alignment with { Tokens = count });
        Anew(task.Verb.Number<int>(
            "--alignment-width", "d_k: alignment guidance begins anew, instead of the checkpoint's or 768.", 1, 100_000),
            (alignment, width) => alignment with { Width = width });
        task.Set(task.Verb.Option<bool>(
            "--no-alignment-map", "Alignment guidance begins anew and compares tokens as they are."),
            (settings, isUnmapped) => !isUnmapped ? settings
                : settings with { Alignment = settings.Alignment with { Map = AlignmentMapping.None }, NewAlignment = true });
        task.SetNumber(task.Verb.Number<double>(
            "--drop-path", "Probability of skipping a branch of BLIP's last image block.", 0, 0.99, value: "SHARE"),
            (settings, share) => settings with { DropPath = share });
        task.SetNumber(
            task.Verb.Number<int>("--watch", "Validation examples scored at the end of each epoch, instead of 1,000.", 1),
            (settings, count) => settings with { WatchedExamples = count });
        if (task.Task == "vqa")
        {
            task.Set(task.Verb.Option<bool>(
                "--with-val", "VQA: learn val2014's questions too, as BLIP does for the test server."),
                (settings, isWanted) => settings with { TrainOnValidation = isWanted });
            task.Set(task.Verb.Option<bool>("--with-visual-genome", "VQA: learn Visual Genome's questions too, as BLIP does."),
                (settings, isWanted) => settings with { VisualGenome = isWanted });
        }
    }

    private static int Train(Run run, CancellationToken cancellation)
    {
        using var training = ProgressView.Out();
        using var scoring = ProgressView.Error();
        var report = (run with { Scoring = run.Scoring with { Progress = scoring } }).Train(training.Show, cancellation);
        training.Dispose();
        scoring.Dispose();
        if (report is null)
        {
            Console.WriteLine($"stopped; --resume goes on from {run.Folder}");
            return cancellation.IsCancellationRequested ? CommandLine.Interrupted : 1;
        }

        var watched = report.Watched;
        Console.WriteLine(FormattableString.Invariant(
            $"watched: {watched.Accuracy:P1} of {watched.Examples} at {watched.MacShare:P1} of the multiply-accumulates"));
        report.Scores.Values.ToList().ForEach(scores => EvaluateVerb.Print(scores, run.Task));
        Console.WriteLine($"weights: {report.Weights}");
        return 0;
    }

    // The neutral pretraining of the world with decoys; goes on where it was stopped.
    private static Verb CreatePretraining()
    {
        var verb = new Verb(
            "decoys-neutral", "Pretrain on the world with decoys, objects and glyphs alike; a run that was stopped goes on.",
            "./kit train decoys-neutral --out RUN");
        var output = verb.Option(
            "--out", "The run's folder.", "DIR", () => KitFolder.File("artifacts", "runs", "decoys-neutral"));
        var seed = verb.Number("--seed", "Seed of the weights and of the order.", () => 1L);
        var fresh = verb.Option<bool>("--fresh", "Throw away what the folder's run has left.");
        verb.Does((parsed, cancellation) =>
        {
            var run = new Pretraining(parsed.GetRequiredValue(output));
            run = run with
            {
                Fresh = parsed.GetValue(fresh),
                PatchTraining = run.PatchTraining with { Seed = parsed.GetValue(seed) },
                StatementTraining = run.StatementTraining with { Seed = parsed.GetValue(seed) },
            };
            using var view = ProgressView.Out();
            var scores = run.Run(view.Show, cancellation);
            view.Dispose();
            if (scores is not var (patches, read))
            {
                Console.WriteLine($"stopped; the same command goes on from {run.Folder}");
                return CommandLine.Interrupted;
            }

            Console.WriteLine(FormattableString.Invariant($"patches {patches.Accuracy:P1}, statements {read.Accuracy:P1}"));
            read.ByKind.ToList().ForEach(kind => Console.WriteLine(FormattableString.Invariant($"  {kind.Key} {kind.Value:P1}")));
            Console.WriteLine($"weights: {Path.Combine(run.Folder, Run.WeightsName)}");
            return 0;
        });
        return verb;
    }
}
