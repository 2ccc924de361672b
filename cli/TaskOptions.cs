using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using TorchSharp;

namespace Madtp.Kit.Cli;

/// <summary>What train and evaluate ask of a task: its weights, data, reduction, device and folder.</summary>
internal sealed class TaskOptions
{
    /// <summary>The most pairs or pictures that the toy world draws.</summary>
    public const int DataLimit = 1_000_000;

    private const string ToyPrefix = "toy-";

    private readonly List<Func<ParseResult, TaskSettings, TaskSettings>> setters = [];
    private readonly Option<string?> method;
    private readonly Option<string> device;
    private readonly Option<PrecisionChoice?> precision;
    private readonly Option<string> ranks;
    private readonly Option<string?> output;
    private readonly Option<bool> resume;
    private readonly Option<bool> fresh;

    /// <summary>The verb of a task with the options that both ask for.</summary>
    /// <param name="name">A task's name, or <c>toy-</c> and that name for the toy world drawn in memory.</param>
    /// <param name="begin">What the weights are for.</param>
    /// <param name="otherwise">The toy world's weights where none are named, in a sentence.</param>
    public TaskOptions(string verb, string name, string begin, string otherwise)
    {
        IsToy = name.StartsWith(ToyPrefix, StringComparison.Ordinal);
        Task = IsToy ? name[ToyPrefix.Length..] : name;
        var example = $"./kit {verb} {name} {(IsToy ? string.Empty : "--checkpoint FILE --data DIR ")}--reduce 0.5 --out RUN";
        Verb = new Verb(name, About + (IsToy ? " In the toy world, drawn in memory." : string.Empty), example);
        Set(Verb.Option<string?>(
            "--checkpoint", $"{begin}; the model's sizes follow from its tensors.{(IsToy ? otherwise : "")}", "FILE",
            required: !IsToy), (settings, file) => settings with { Checkpoint = file });
        Set(Verb.Option<string?>("--weights", "The key that the weights lie under, where the file has several.", "KEY"),
            (settings, key) => settings with { Hints = new CheckpointHints(key) { Say = CommandLine.Remark } });
        if (!IsToy)
        {
            AddHints();
            Set(Verb.Option("--data", "The folder of all data sets, or the task's own.", "DIR", () => "data"),
                (settings, folder) => settings with { Data = folder });
            if (Task is "clip" or "retrieval")
            {
                Set(Verb.Option("--dataset", "coco or flickr30k.", "NAME", () => "coco", ["coco", "flickr30k"]),
                    (settings, set) => settings with { Dataset = set! });
            }

            Set(Verb.Option<string?>("--vocab", "The vocabulary, if it does not lie beside the data.", "FILE"),
                (settings, file) => settings with { Vocabulary = file });
            Set(Verb.Number<int>(
                "--image-size", "Another image side than the checkpoint's, in pixels.", 1, 100_000, value: "PIXELS"),
                (settings, side) => settings with { ImageSize = side });
            Set(Verb.Number("--workers", "Images decoded at a time.", () => Environment.ProcessorCount, 1, 1000),
                (settings, workers) => settings with { Workers = workers });
        }
        else if (Task == "nlvr2")
        {
            var pairs = Verb.Number<int>(
                "--pairs", "Training pairs to draw, a multiple of 4, instead of 12,000; dev and test shrink too.", 4, DataLimit);
            var corpus = Verb.Option<string?>(
                "--corpus", "A or B of the world with decoys, which speak of objects or of glyphs, instead of the toy world.",
                "NAME", words: ["A", "B"]);
            corpus.AcceptOnlyFromAmong("A", "B");
            Set(corpus, (settings, name) =>
                settings with { Corpus = name is null ? null : name == "A" ? ThingKind.Object : ThingKind.Glyph });
            SetNumber(pairs, (settings, count) => settings with
            {
                World = ToyWorldSettings.Scaled(settings.World.Seed, count),
                Decoys = ToyWorldSettings.Scaled(settings.Decoys.Seed, count, testShare: 3),
            });
        }
        else
        {
            SetNumber(Verb.Number<int>(
                "--images", "Training scenes to draw, instead of 6,000; validation and test shrink too.", 60, DataLimit),
                (settings, count) => settings with { Scenes = ToyCaptionSettings.Scaled(settings.Scenes.Seed, count) });
        }

        var reduce = Verb.Number<double>(
            "--reduce", "The reduce ratio: share of the multiply-accumulates to take away, such as 0.5.", 0, 1, open: true,
            "RATIO");
        Set(reduce, (settings, ratio) => settings with { ReduceRatio = ratio });
        Ratio = reduce;
        method = MethodOption.Add(Verb, "Usually madtp; madtp-released for the authors' checkpoints.");
        Set(Verb.Number("--calibration", "Examples that --reduce looks at, the first of the training split.", () => 200, 1),
            (settings, examples) => settings with { CalibrationExamples = examples });
        if (Task is "retrieval" or "vqa")
        {
            Set(Verb.Number<int>(
                "--candidates", "What BLIP looks at closely: pairs read for a query, answers read to their end for a question.",
                1), (settings, count) => settings with { Candidates = count });
        }

        device = DeviceOption.Add(Verb);
        precision = DeviceOption.AddPrecision(Verb);
        ranks = RanksOption.Add(Verb);
        output = Verb.Option<string?>(
            "--out", "The run's folder, under artifacts/ otherwise; a run that is there is left alone.", "DIR");
        resume = Verb.Option<bool>("--resume", "Go on where the folder's run stopped.");
        fresh = Verb.Option<bool>("--fresh", "Throw away what the folder's run has left.");
        Verb.Exclude(resume, fresh);
        if (IsToy && verb == "evaluate")
        {
            Verb.Needs(resume, output);
            Verb.Needs(fresh, output);
        }
    }

    /// <summary>The names that commands have for tasks: of the toy world drawn in memory, then of files.</summary>
    public static IEnumerable<string> Names => [.. ModelTask.Names.Select(task => ToyPrefix + task), .. ModelTask.Names];

    public Verb Verb { get; }

    /// <summary>The task's name.</summary>
    public string Task { get; }

    /// <summary>Whether it is the toy world drawn in memory.</summary>
    public bool IsToy { get; }

    /// <summary>The option <c>--reduce</c>.</summary>
    public Option Ratio { get; }

    /// <summary>The option <c>--method</c>.</summary>
    public Option Named => method;

    /// <summary>Splits that can be scored, with a word about some.</summary>
    public string[] Splits => (IsToy, Task) switch
    {
        (true, "nlvr2") => ["dev", "test1 (usual)"],
        (false, "nlvr2") => ["dev", "test1 (usual)", "test2"],
        (false, "vqa") => ["val2014 (usual)", "test-dev2015", "test2015 (no public answers: submit vqa_result.json)"],
        _ => ["val", "test (usual)"],
    };

    /// <summary>The names alone.</summary>
    public IEnumerable<string> SplitNames => Splits.Select(split => split.Split(' ')[0]);

    private string About => Task switch
    {
        "nlvr2" => "BLIP on NLVR2: is a statement true of two images?",
        "clip" => "CLIP retrieval: captions and images ranked by similarity.",
        "retrieval" => "BLIP retrieval: captions and images ranked by similarity, then read together.",
        "caption" => "BLIP captioning: what does an image show?",
        _ => "BLIP VQA: questions about images.",
    };

    /// <summary>Says what an option's number sets where it is given.</summary>
    public void SetNumber<T>(Option<T?> option, Func<TaskSettings, T, TaskSettings> set)
        where T : struct => Set(option, (settings, number) => number is { } given ? set(settings, given) : settings);

    /// <summary>Says what an option's value sets.</summary>
    public void Set<T>(Option<T> option, Func<TaskSettings, T?, TaskSettings> set) =>
        setters.Add((parsed, settings) => set(settings, parsed.GetValue(option)));

    /// <summary>The settings with what was named.</summary>
    public TaskSettings Apply(ParseResult parsed, TaskSettings settings) =>
        setters.Aggregate(settings, (all, set) => set(parsed, all)) with { Method = Method(parsed)?.Pruning };

    /// <summary>The method that was named; null where none was.</summary>
    /// <exception cref="ArgumentException">There is no such method.</exception>
    public Method? Method(ParseResult parsed) => MethodOption.Of(parsed, method);

    /// <summary>Where it computes, which is said.</summary>
    public torch.Device Device(ParseResult parsed) => DeviceOption.Use(parsed, device, Precision(parsed));

    /// <summary>What products are computed in.</summary>
    public TrainingPrecision Precision(ParseResult parsed) =>
        DeviceOption.Precision(parsed.GetValue(precision), ComputeDevice.Of(parsed.GetRequiredValue(device)));

    /// <summary>The toy weights that come with the kit: those tuned for a ratio where there are such, else the plain.</summary>
    public string ToyWeights(ThingKind? corpus, double? ratio) =>
        corpus is { } spoken ? ToyModels.Decoys(spoken).WeightsPath()
        : ToyModels.WeightsPath(Task, 1 - ratio) is var tuned && File.Exists(tuned) ? tuned : ToyModels.WeightsPath(Task);

    /// <summary>Joins the ranks that were started with this one; comes before anything is said.</summary>
    public void Join(ParseResult parsed) => Ranks.Join(parsed.GetRequiredValue(ranks));

    /// <summary>The run in its folder.</summary>
    public Run Run(ParseResult parsed, TaskSettings settings, string usualFolder) =>
        new(Task, settings, parsed.GetValue(output) ?? usualFolder)
        {
            Resume = parsed.GetValue(resume), Fresh = parsed.GetValue(fresh),
        };

    // What no shape of a checkpoint tells.
    private void AddHints()
    {
        var heads = Verb.Option<int[]?>(
            "--heads",
            "Attention heads of images, or of images and texts (16,12), where no config file beside the weights says it.", "N");
        heads.Arity = ArgumentArity.ExactlyOne;
        heads.CustomParser = result => CheckpointHints.Parse(result.Tokens[0].Value);
        Verb.Checked(heads, text => CheckpointHints.Parse(text) is not null, "one number, or two as 16,12");
        Set(heads, (settings, counts) => settings with
        {
            Hints = settings.Hints with
            {
                Heads = counts is [var images, ..] ? images : null, TextHeads = counts is [_, var texts] ? texts : null,
            },
        });
        if (Task == "clip")
        {
            Set(Verb.Choice<ClipActivation>(
                "--activation",
                "quickgelu (OpenAI's) or gelu (most of open_clip's), where no config file beside the weights says it."),
                (settings, activation) => settings with { Hints = settings.Hints with { Activation = activation } });
        }
    }
}
