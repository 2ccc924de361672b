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
        var pairs = new Option<int>("--pairs") { Description = "NLVR2's training pairs, a multiple of 4; dev and test get a twelfth each.", DefaultValueFactory = _ => 12_000 };
        var images = new Option<int>("--images") { Description = "COCO's training images; val and test keep their proportion, Flickr30k has half as many.", DefaultValueFactory = _ => 6_000 };
        var command = new Command("make-toy", "Draws the toy world: NLVR2, COCO, Flickr30k and VQA v2 of coloured shapes.") { folder, seed, pairs, images };
        command.SetAction(result => Run(
            result.GetRequiredValue(folder),
            ToyWorldSettings.Scaled(result.GetRequiredValue(seed), result.GetRequiredValue(pairs)),
            ToyPictureSettings.Scaled(result.GetRequiredValue(seed), result.GetRequiredValue(images))));
        return command;
    }

    private static int Run(string folder, ToyWorldSettings pairs, ToyPictureSettings pictures)
    {
        var (pairsMade, picturesMade) = Terminal.Out.Progress().Start(context =>
        {
            var statements = new Progress(context.AddTask("pairs and statements", maxValue: 1));
            var captions = new Progress(context.AddTask("pictures, captions and questions", maxValue: 1));
            var made = ToyWorld.Make(folder, pairs, statements);
            statements.Report(1);
            var alsoMade = ToyPictureWorld.Make(folder, pictures, captions);
            captions.Report(1);
            return (made, alsoMade);
        });
        Console.WriteLine($"{Outcome(pairsMade.IsNew)} {Path.Combine(folder, "nlvr2")}: {pairs.TrainPairs} + {pairs.DevPairs} + {pairs.TestPairs} pairs (train, dev, test1), content {pairsMade.Stamp.Digest[..12]}");
        Console.WriteLine($"{Outcome(picturesMade.IsNew)} {Path.Combine(folder, "coco")}: {Sizes(pictures.Coco)} images (train, val, test), with questions in vqa; flickr30k: {Sizes(pictures.Flickr)}; content {picturesMade.Stamp.Digest[..12]}");
        return 0;
    }

    private static string Sizes(ToyCaptionSettings scenes) => $"{scenes.TrainImages} + {scenes.DevImages} + {scenes.TestImages}";

    private static string Outcome(bool isNew) => isNew ? "made" : "already there:";

    private sealed class Progress(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
