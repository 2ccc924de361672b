using Madtp.Kit.Madtp;
using System.CommandLine;
using Madtp.Kit.Experiments;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit experiment</c>: one run, described by options, or its cached result.</summary>
internal static class ExperimentVerb
{
    public static Command Create()
    {
        var task = new Option<string>("--task") { Description = $"What is learned: {string.Join(", ", ExperimentTask.All.Select(t => t.Name))}.", DefaultValueFactory = _ => new Experiment().Task };
        var method = new Option<string?>("--method") { Description = $"How it gets cheaper: {string.Join(", ", Methods.All.Select(m => m.Name))}. Usually MADTP." };
        var reduce = new Option<double?>("--reduce") { Description = "Share of the multiply-accumulates to take away, 0 to 1. Usually 0." };
        var seed = new Option<long?>("--seed") { Description = "Seed of order and alignment guidance. Usually 1." };
        var examples = new Option<int?>("--examples") { Description = "Training examples of the fine-tuning, instead of the task's usual; 0 applies the method as it is." };
        var epochs = new Option<int?>("--epochs") { Description = "Passes over them, instead of the task's usual." };
        var rate = new Option<double?>("--learning-rate") { Description = "Learning rate after the warm-up, instead of the task's usual." };
        var tokens = new Option<int?>("--learnable-tokens") { Description = "K, instead of the task's usual." };
        var width = new Option<int?>("--alignment-width") { Description = "d_k, instead of the task's usual." };
        var fresh = new Option<bool>("--fresh") { Description = "Runs it although a result is there, and keeps the new one." };
        var device = DeviceOption.Create();
        var command = new Command("experiment", "Runs one experiment, or shows its cached result, as JSON.")
        {
            task, method, reduce, seed, examples, epochs, rate, tokens, width, device, fresh,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var usual = ExperimentTask.Of(parsed.GetValue(task)!).Usual;
            DeviceOption.UseFor([usual], parsed, device);
            var experiment = usual with
            {
                Method = parsed.GetValue(method) is { } name ? Methods.Of(name).Name : usual.Method,
                ReduceRatio = parsed.GetValue(reduce) ?? usual.ReduceRatio,
                Seed = parsed.GetValue(seed) ?? usual.Seed,
                TrainExamples = parsed.GetValue(examples) ?? usual.TrainExamples,
                Epochs = parsed.GetValue(epochs) ?? usual.Epochs,
                LearningRate = parsed.GetValue(rate) ?? usual.LearningRate,
                LearnableTokens = parsed.GetValue(tokens) ?? usual.LearnableTokens,
                AlignmentWidth = parsed.GetValue(width) ?? usual.AlignmentWidth,
            };
            var cache = RunCache.Default;
            if (parsed.GetValue(fresh))
            {
                cache = new RunCache(cache.Folder);
                cache.Forget(experiment);
            }

            using var view = new TrainingView(Console.Error, !Console.IsErrorRedirected); // standard output has the JSON alone
            var result = ExperimentRunner.Run(experiment, cache, progress: view.Show, cancellation: cancellation);
            Console.WriteLine(result.ToJson());
            return Task.FromResult(0);
        });
        return command;
    }
}
