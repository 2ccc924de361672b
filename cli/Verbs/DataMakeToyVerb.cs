using System.CommandLine;
using Madtp.Kit.Data.Toy;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit data make-toy</c>: draws the toy world into files of the real formats.</summary>
internal static class DataMakeToyVerb
{
    public static Command Create()
    {
        var folder = new Option<string>("--out") { Description = "Folder to write to.", DefaultValueFactory = _ => Path.Combine("data", "toy") };
        var seed = new Option<ulong>("--seed") { Description = "Seed of every random choice.", DefaultValueFactory = _ => 1 };
        var pairs = new Option<int>("--pairs") { Description = "Training pairs, a multiple of 4; dev and test get a twelfth each.", DefaultValueFactory = _ => 12_000 };
        var command = new Command("make-toy", "Draws the toy world (NLVR2 form: statements about pairs of pictures).") { folder, seed, pairs };
        command.SetAction(result => Run(result.GetRequiredValue(folder), result.GetRequiredValue(seed), result.GetRequiredValue(pairs)));
        return command;
    }

    private static int Run(string folder, ulong seed, int pairs)
    {
        var settings = ToyWorldSettings.Scaled(seed, pairs);
        var (stamp, isNew) = AnsiConsole.Progress().Start(context =>
        {
            var task = context.AddTask("toy world", maxValue: 1);
            return ToyWorld.Make(folder, settings, new Progress(task));
        });
        Console.WriteLine($"{(isNew ? "made" : "already there")}: {folder}: {stamp.TrainPairs} + {stamp.DevPairs} + {stamp.TestPairs} pairs (train, dev, test1), seed {stamp.Seed}, content {stamp.Digest[..12]}");
        return 0;
    }

    private sealed class Progress(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
