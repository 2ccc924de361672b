using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit data</c>: draws the toy world, shows what is there of each data set, fetches what may be.</summary>
internal static class DataVerb
{
    private const string Toy = "toy";
    private static readonly string[] Names = [.. DataCatalog.Sources.Select(source => source.Name)];

    public static Command Create() =>
        new Verb("data", "Make, check and fetch data.", "./kit data status") { CreateMakeToy(), CreateStatus(), CreateGet() };

    private static Option<string> Folder(Verb verb) => verb.Option("--data", "The folder of all data sets.", "DIR", () => "data");

    private static Verb CreateMakeToy()
    {
        var verb = new Verb(
            "make-toy", "Draw the toy world: NLVR2, COCO, Flickr30k and VQA v2 of coloured shapes.",
            "./kit data make-toy", "./kit data make-toy --out toy --pairs 240 --images 60");
        var folder = verb.Option("--out", "Folder to write to.", "DIR", () => Path.Combine("data", "toy"));
        var seed = verb.Number("--seed", "Seed of every random choice.", () => 1UL, 0);
        var pairs = verb.Number(
            "--pairs", "NLVR2's training pairs, a multiple of 4; dev and test get a twelfth each.", () => 12_000, 4,
            TaskOptions.DataLimit);
        var images = verb.Number(
            "--images", "COCO's training images; Flickr30k has half as many, other splits in proportion.", () => 6_000, 60,
            TaskOptions.DataLimit);
        var decoys = verb.Option<bool>(
            "--decoys",
            "The world with decoys instead, into the folder's decoys: pictures, and what corpora A and B say of them.");
        verb.Does((parsed, cancellation) =>
        {
            var into = parsed.GetRequiredValue(folder);
            var (start, count) = (parsed.GetRequiredValue(seed), parsed.GetRequiredValue(pairs));
            T Draw<T>(Func<ProgressContext, T> make) => Terminal.Out.Progress().Start(make);
            if (parsed.GetValue(decoys))
            {
                into = Path.Combine(into, "decoys");
                var settings = ToyWorldSettings.Scaled(start, count, testShare: 3);
                var (world, isNew) = Draw(context => DecoyWorld.Make(
                    into, settings, parsed.GetRequiredValue(images), new Bars(context, "pictures"), cancellation));
                Say(isNew, into, $"{Pairs(settings)}, {parsed.GetRequiredValue(images)} training images; corpus A in a, B in b;",
                    world.Digest);
                return 0;
            }

            var nlvr2 = ToyWorldSettings.Scaled(start, count);
            var scenes = ToyCaptionSettings.Scaled(start, parsed.GetRequiredValue(images));
            var ((drawn, isDrawn), (captioned, isCaptioned)) = Draw(context =>
            {
                var statements = new Bars(context, "pairs and statements");
                var captions = new Bars(context, "pictures, captions and questions");
                return (ToyWorld.MakePairs(into, nlvr2, statements, cancellation),
                    ToyWorld.MakePictures(into, scenes, captions, cancellation));
            });
            Say(isDrawn, Path.Combine(into, "nlvr2"), $"{Pairs(nlvr2)},", drawn.Digest);
            Say(isCaptioned, Path.Combine(into, "coco"), $"{Scenes(scenes)} images (train, val, test), with questions in vqa; "
                + $"flickr30k: {Scenes(scenes.ForFlickr())};", captioned.Digest);
            return 0;
        });
        return verb;

        static string Pairs(ToyWorldSettings pairs) =>
            $"{pairs.TrainPairs} + {pairs.DevPairs} + {pairs.TestPairs} pairs (train, dev, test1)";
        static string Scenes(ToyCaptionSettings scenes) => $"{scenes.TrainImages} + {scenes.DevImages} + {scenes.TestImages}";
        static void Say(bool isNew, string folder, string what, string digest) =>
            Console.WriteLine($"{(isNew ? "made" : "already there:")} {folder}: {what} content {digest[..12]}");
    }

    private static Verb CreateStatus()
    {
        var verb = new Verb(
            "status", "Show what is there of each data set and checkpoint.", "./kit data status nlvr2 --verify");
        var name = verb.Argument<string?>(
            "NAME", "One data set, with every file; all if left out.", ArgumentArity.ZeroOrOne, [Toy, .. Names]);
        var folder = Folder(verb);
        var verify = verb.Option<bool>("--verify", "Compute checksums too.");
        verb.SetAction(parsed =>
        {
            var root = parsed.GetRequiredValue(folder);
            var one = parsed.GetValue(name);
            if (one is not (null or Toy))
            {
                var status = DataStatus.Check(DataCatalog.Find(one), root, parsed.GetValue(verify));
                Terminal.Print(null, ["part", "state", "detail"],
                    status.Parts.Select(part => new[] { part.What, Word(part.State), part.Detail }), left: 3);
                SayHow(status);
                return;
            }

            var toy = Path.Combine(root, Toy);
            var made = ToyWorld.CountFinished(toy);
            Terminal.Print(null, ["name", "state", "there", "folder", "what"],
            [
                [Toy, Word((DataState)made), $"{made} of 2", toy, "The toy world (./kit data make-toy)"],
                .. one is null ? DataCatalog.Sources.Select(Row) : [],
            ], left: 5);

            string[] Row(DataSource source)
            {
                var status = DataStatus.Check(source, root, parsed.GetValue(verify));
                return [source.Name, Word(status.State), There(status), Path.Combine(root, source.Folder), source.Title];
            }
        });
        return verb;
    }

    private static Verb CreateGet()
    {
        var verb = new Verb(
            "get", "Fetch a data set or checkpoints; what was begun goes on where it stopped.", "./kit data get vocab");
        var name = verb.Argument<string>("NAME", $"One of {string.Join(", ", Names)}.", ArgumentArity.ExactlyOne, Names);
        var folder = Folder(verb);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var (source, root) = (DataCatalog.Find(parsed.GetRequiredValue(name)), parsed.GetRequiredValue(folder));
            Console.WriteLine($"{source.Title} ({source.Licence}) -> {Path.Combine(root, source.Folder)}");
            using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            var fetched = await Terminal.Out.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(),
                    new RemainingTimeColumn())
                .StartAsync(context => new Download(client).FetchAsync(source, root, new Bars(context), cancellation));
            var status = DataStatus.Check(source, root);
            Console.WriteLine($"{fetched} fetched; {There(status)} parts are there");
            SayHow(status);
            return status.State == DataState.Complete ? 0 : 1;
        });
        return verb;
    }

    private static string There(DataStatus status) =>
        $"{status.Parts.Count(part => part.State == DataState.Complete)} of {status.Parts.Count}";

    private static void SayHow(DataStatus status)
    {
        if (status.State != DataState.Complete && status.Source.ByHand is { } hand)
            Console.WriteLine(hand);
    }

    private static string Word(DataState state) => $"{state}".ToLowerInvariant();

    // A bar for what is drawn, one for each file that is fetched.
    private sealed class Bars(ProgressContext context, string? title = null) : IProgress<double>, IProgress<DownloadProgress>
    {
        private readonly Dictionary<string, ProgressTask> tasks = [];

        public void Report(double value) => Report(title!, value, 1);

        public void Report(DownloadProgress value) => Report($"{value.Step} {value.File}", value.Done, value.Total);

        private void Report(string what, double done, double? total)
        {
            if (!tasks.TryGetValue(what, out var task))
                tasks[what] = task = context.AddTask(Markup.Escape(what));

            task.IsIndeterminate = total is null;
            task.MaxValue = total ?? Math.Max(done, 1);
            task.Value = done;
        }
    }
}
