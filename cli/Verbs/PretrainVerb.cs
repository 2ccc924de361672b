using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train decoys-neutral</c>: the neutral pretraining of the world with decoys; goes on where it was
/// stopped.</summary>
internal static class PretrainVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "decoys-neutral", "Pretrain on the world with decoys, objects and glyphs alike; a run that was stopped goes on.",
            "./kit train decoys-neutral --out RUN");
        var output = verb.Option(
            "--out", "The run's folder.", "DIR", () => KitFolder.File("artifacts", "runs", "decoys-neutral"));
        var epochs = verb.Number<int>("--patch-epochs", "Passes over the pictures, instead of the recipe's.", 0,
            TaskOptions.DataLimit);
        var passes = verb.Number<int>("--statement-epochs", "Passes over the statements, instead of the recipe's.", 0,
            TaskOptions.DataLimit);
        var pictures = verb.Number<int>("--pictures", "Pictures, instead of the recipe's.", 2, TaskOptions.DataLimit);
        var statements = verb.Number<int>("--statements", "Statements, instead of the recipe's.", 1, TaskOptions.DataLimit);
        var seed = verb.Number("--seed", "Seed of the weights and of the order.", () => 1L);
        verb.SetAction((parsed, cancellation) =>
        {
            var run = new Pretraining(parsed.GetRequiredValue(output));
            run = run with
            {
                Pictures = parsed.GetValue(pictures) ?? run.Pictures,
                Statements = parsed.GetValue(statements) ?? run.Statements,
                PatchTraining = run.PatchTraining with
                {
                    Epochs = parsed.GetValue(epochs) ?? run.PatchTraining.Epochs, Seed = parsed.GetValue(seed),
                },
                StatementTraining = run.StatementTraining with
                {
                    Epochs = parsed.GetValue(passes) ?? run.StatementTraining.Epochs, Seed = parsed.GetValue(seed),
                },
            };
            using var view = new TrainingView();
            if (run.Run(view.Show, cancellation) is not var (patches, read))
            {
                Console.WriteLine($"stopped; the same command goes on from {run.Folder}");
                return Task.FromResult(CommandLine.Interrupted);
            }

            Console.WriteLine(FormattableString.Invariant($"patches {patches.Accuracy:P1}, statements {read.Accuracy:P1}"));
            read.ByKind.ToList().ForEach(kind => Console.WriteLine(FormattableString.Invariant($"  {kind.Key} {kind.Value:P1}")));
            Console.WriteLine($"weights: {Path.Combine(run.Folder, Run.WeightsName)}");
            return Task.FromResult(0);
        });
        return verb;
    }
}
