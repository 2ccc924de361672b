using Madtp.Kit.Experiments;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit experiment</c>: one run, described by options, or its cached result.</summary>
internal static class ExperimentVerb
{
    /// <summary>The tasks of experiments, by name.</summary>
    public static string[] Tasks => [.. ExperimentTask.All.Select(task => task.Name)];

    public static Command Create()
    {
        var verb = new Verb(
            "experiment", "Run one experiment, or show its cached result, as JSON.",
            "./kit experiment --method ToMe --reduce 0.5 --seed 1");
        var task = verb.Option(
            "--task", $"What is learned: {string.Join(", ", Tasks)}.", "TASK", () => new Experiment().Task, words: Tasks);
        var method = MethodOption.Add(verb, "Usually MADTP.");
        var reduce = verb.Number<double>(
            "--reduce", "The reduce ratio: share of the multiply-accumulates to take away. Usually 0.", 0, 0.999, value: "RATIO");
        var seed = verb.Number<long>("--seed", "Seed of order and alignment guidance. Usually 1.");
        var examples = verb.Number<int>(
            "--examples", "Training examples; 0 applies the method as it is. Usually the task's own.", 0);
        var epochs = verb.Number<int>("--epochs", "Passes over them, instead of the task's usual.", 1, 1_000_000);
        var rate = verb.Number<double>(
            "--learning-rate", "Learning rate after the warm-up, instead of the task's usual.", 0, 1000, value: "RATE");
        var tokens = verb.Number<int>("--learnable-tokens", "K, instead of the task's usual.", 1, 100_000);
        var width = verb.Number<int>("--alignment-width", "d_k, instead of the task's usual.", 1, 100_000);
        var device = DeviceOption.Add(verb);
        var fresh = verb.Option<bool>("--fresh", "Run it although a result is there, and keep the new one.");
        verb.SetAction((parsed, cancellation) =>
        {
            var usual = ExperimentTask.Of(parsed.GetRequiredValue(task)).Default;
            var experiment = usual with
            {
                Method = MethodOption.Of(parsed, method)?.Name ?? usual.Method,
                ReduceRatio = parsed.GetValue(reduce) ?? usual.ReduceRatio,
                Seed = parsed.GetValue(seed) ?? usual.Seed,
                TrainExamples = parsed.GetValue(examples) ?? usual.TrainExamples,
                Epochs = parsed.GetValue(epochs) ?? usual.Epochs,
                LearningRate = parsed.GetValue(rate) ?? usual.LearningRate,
                LearnableTokens = parsed.GetValue(tokens) ?? usual.LearnableTokens,
                AlignmentWidth = parsed.GetValue(width) ?? usual.AlignmentWidth,
            };
            DeviceOption.UseFor([experiment], parsed, device);
            var cache = RunCache.Default;
            if (parsed.GetValue(fresh))
            {
                cache = new RunCache(cache.Folder);
                cache.Forget(experiment);
            }

            using var view = new TrainingView(Console.Error, !Console.IsErrorRedirected); // standard output has the JSON alone
            Console.WriteLine(ExperimentRunner.Run(experiment, cache, progress: view.Show, cancellation: cancellation).ToJson());
            return Task.FromResult(0);
        });
        return verb;
    }
}
