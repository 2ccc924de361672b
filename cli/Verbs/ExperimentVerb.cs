using System.CommandLine;
using Madtp.Kit.Experiments;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit experiment</c>: one run, described by options, or its cached result.</summary>
internal static class ExperimentVerb
{
    public static Command Create()
    {
        var usual = new Experiment();
        var task = new Option<string>("--task") { Description = $"What is learned: {string.Join(", ", ExperimentTasks.All.Select(t => t.Name))}.", DefaultValueFactory = _ => usual.Task };
        var method = new Option<string>("--method") { Description = $"How it gets cheaper: {string.Join(", ", Methods.All.Select(m => m.Name))}.", DefaultValueFactory = _ => usual.Method };
        var reduce = new Option<double>("--reduce") { Description = "Share of the multiply-accumulates to take away, 0 to 1.", DefaultValueFactory = _ => usual.ReduceRatio };
        var seed = new Option<long>("--seed") { Description = "Seed of order and alignment guidance.", DefaultValueFactory = _ => usual.Seed };
        var examples = new Option<int>("--examples") { Description = "Examples of the fine-tuning; 0 applies the method as it is.", DefaultValueFactory = _ => usual.TrainExamples };
        var rate = new Option<double>("--learning-rate") { Description = "Learning rate after the warm-up.", DefaultValueFactory = _ => usual.LearningRate };
        var tokens = new Option<int>("--learnable-tokens") { Description = "K.", DefaultValueFactory = _ => usual.LearnableTokens };
        var width = new Option<int>("--alignment-width") { Description = "d_k.", DefaultValueFactory = _ => usual.AlignmentWidth };
        var fresh = new Option<bool>("--fresh") { Description = "Runs it although a result is there, and keeps the new one." };
        var command = new Command("experiment", "Runs one experiment, or shows its cached result, as JSON.") { task, method, reduce, seed, examples, rate, tokens, width, fresh };
        command.SetAction((parsed, cancellation) =>
        {
            var experiment = new Experiment
            {
                Task = parsed.GetValue(task)!,
                Method = parsed.GetValue(method)!,
                ReduceRatio = parsed.GetValue(reduce),
                Seed = parsed.GetValue(seed),
                TrainExamples = parsed.GetValue(examples),
                LearningRate = parsed.GetValue(rate),
                LearnableTokens = parsed.GetValue(tokens),
                AlignmentWidth = parsed.GetValue(width),
            };
            var cache = RunCache.Default;
            if (parsed.GetValue(fresh))
            {
                cache = new RunCache(cache.Folder);
                cache.Forget(experiment);
            }

            using var view = new TrainingView();
            var result = ExperimentRunner.Run(experiment, cache, progress: view.Show, cancellation: cancellation);
            Console.WriteLine(result.ToJson());
            return Task.FromResult(0);
        });
        return command;
    }
}
