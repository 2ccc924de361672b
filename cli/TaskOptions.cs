using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli;

/// <summary>What train and evaluate ask of a task: its weights, data, reduction, device and folder.</summary>
internal sealed class TaskOptions
{
    private const string ToyPrefix = "toy-";

    private readonly Option<string?> checkpoint;
    private readonly Option<string?> weights;
    private readonly Option<int[]?>? heads;
    private readonly Option<ClipActivation?>? activation;
    private readonly Option<string>? data;
    private readonly Option<string>? dataset;
    private readonly Option<int?>? pairs;
    private readonly Option<int?>? images;
    private readonly Option<string?>? corpus;
    private readonly Option<double?> reduce;
    private readonly Option<string?> method;
    private readonly Option<int> calibration;
    private readonly Option<int?>? candidates;
    private readonly Option<int?>? imageSize;
    private readonly Option<string?>? vocabulary;
    private readonly Option<int>? workers;
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
        checkpoint = Verb.Option<string?>(
            "--checkpoint", $"{begin}; the model's sizes follow from its tensors.{(IsToy ? otherwise : "")}", "FILE",
                required: !IsToy);
        weights = Verb.Option<string?>("--weights", "The key that the weights lie under, where the file has several.", "KEY");
        if (!IsToy)
        {
            heads = Verb.Option<int[]?>(
                "--heads",
                    "Attention heads of images, or of images and texts (16,12), where no config file beside the weights says it.",
                    "N");
            heads.Arity = ArgumentArity.ExactlyOne;
            heads.CustomParser = result =>
            {
                if (CheckpointHints.Parse(result.Tokens[0].Value) is { } numbers)
                {
                    return numbers;
                }

                result.AddError($"--heads '{result.Tokens[0].Value}': give one number, or two as 16,12");
                return null;
            };
            activation = Task != "clip" ? null : Verb.Choice<ClipActivation>(
                "--activation",
                    "quickgelu (OpenAI's) or gelu (most of open_clip's), where no config file beside the weights says it.");
            data = Verb.Option("--data", "The folder of all data sets, or the task's own.", "DIR", () => "data");
            dataset = Task is "clip" or "retrieval" ? Verb.Option("--dataset", "coco or flickr30k.", "NAME", () => "coco") : null;
            vocabulary = Verb.Option<string?>("--vocab", "The vocabulary, if it does not lie beside the data.", "FILE");
            imageSize = Verb.Number<int>("--image-size", "Another image side than the checkpoint's, in pixels.", 1, 100_000,
                value: "PIXELS");
            workers = Verb.Number("--workers", "Images decoded at a time.", () => Environment.ProcessorCount, 1, 1000);
        }
        else if (Task == "nlvr2")
        {
            pairs = Verb.Number<int>(
                "--pairs", "Training pairs to draw, a multiple of 4, instead of 12,000; dev and test shrink too.", 4, DataLimit);
        }

        if (IsToy && Task == "nlvr2")
        {
            corpus = Verb.Option<string?>(
                "--corpus", "A or B of the world with decoys, which speak of objects or of glyphs, instead of the toy world.",
                "NAME", words: ["A", "B"]);
            corpus.AcceptOnlyFromAmong("A", "B");
        }
        else if (IsToy)
        {
            images = Verb.Number<int>(
                "--images", "Training scenes to draw, instead of 6,000; validation and test shrink too.", 60, DataLimit);
        }

        reduce = Verb.Number<double>(
            "--reduce", "The reduce ratio: share of the multiply-accumulates to take away, such as 0.5.", 0, 1, open: true,
                "RATIO");
        method = MethodOption.Add(Verb, "Usually madtp; madtp-released for the authors' checkpoints.");
        calibration = Verb.Number(
            "--calibration", "Examples that --reduce looks at, the first of the training split.", () => 200, 1);
        candidates = Task is not ("retrieval" or "vqa") ? null : Verb.Number<int>(
            "--candidates", "What BLIP looks at closely: pairs read for a query, answers read to their end for a question.", 1);
        device = DeviceOption.Add(Verb);
        precision = DeviceOption.AddPrecision(Verb);
        ranks = RanksOption.Add(Verb);
        output = Verb.Option<string?>(
            "--out", "The run's folder, under artifacts/ otherwise; a run that is there is left alone.", "DIR");
        resume = Verb.Option<bool>("--resume", "Go on where the folder's run stopped.");
        fresh = Verb.Option<bool>("--fresh", "Throw away what the folder's run has left.");
        Verb.Exclude(resume, fresh);
    }

    /// <summary>The most pairs or pictures that the toy world draws.</summary>
    public const int DataLimit = 1_000_000;

    /// <summary>The names that commands have for tasks: of the toy world drawn in memory, then of files.</summary>
    public static IEnumerable<string> Names => [.. ModelTask.Names.Select(task => ToyPrefix + task), .. ModelTask.Names];

    /// <summary>The verb.</summary>
    public Verb Verb { get; }

    /// <summary>The task's name.</summary>
    public string Task { get; }

    /// <summary>Whether it is the toy world drawn in memory.</summary>
    public bool IsToy { get; }

    /// <summary>The option <c>--reduce</c>.</summary>
    public Option Ratio => reduce;

    private string About => Task switch
    {
        "nlvr2" => "BLIP on NLVR2: is a statement true of two images?",
        "clip" => "CLIP retrieval: captions and images ranked by similarity.",
        "retrieval" => "BLIP retrieval: captions and images ranked by similarity, then read together.",
        "caption" => "BLIP captioning: what does an image show?",
        _ => "BLIP VQA: questions about images.",
    };

    /// <summary>The value of an option; of one that this task does not have its type's own.</summary>
    public static T? Given<T>(ParseResult parsed, Option<T>? option) => option is null ? default : parsed.GetValue(option);

    /// <summary>The reduce ratio that was named; null where none was.</summary>
    public double? Reduce(ParseResult parsed) => parsed.GetValue(reduce);

    /// <summary>What the statements of the world with decoys speak of; null for any other world.</summary>
    public ThingKind? Corpus(ParseResult parsed) =>
        Given(parsed, corpus) is { } name ? name == "A" ? ThingKind.Object : ThingKind.Glyph : null;

    /// <summary>The method that was named; null where none was.</summary>
    /// <exception cref="ArgumentException">There is no such method.</exception>
    public Method? Method(ParseResult parsed) => MethodOption.Of(parsed, method);

    /// <summary>The data set.</summary>
    public string Dataset(ParseResult parsed) => Given(parsed, dataset) ?? "coco";

    /// <summary>What products are computed in.</summary>
    public TrainingPrecision Precision(ParseResult parsed) =>
        DeviceOption.Precision(parsed.GetValue(precision), ComputeDevice.Of(parsed.GetRequiredValue(device)));

    /// <summary>The toy weights that come with the kit: those tuned for a ratio where there are such, else the plain.</summary>
    public string ToyWeightsFor(ParseResult parsed, double? ratio) =>
        Corpus(parsed) is { } spoken ? ToyModels.Decoys(spoken).WeightsPath()
        : ToyModels.WeightsPath(Task, 1 - ratio) is var tuned && File.Exists(tuned) ? tuned : ToyModels.WeightsPath(Task);

    /// <summary>Joins the ranks that were started with this one; comes before anything is said.</summary>
    public void Join(ParseResult parsed) => RanksOption.Join(parsed, ranks);

    /// <summary>The settings with what was named.</summary>
    public TaskSettings Apply(ParseResult parsed, TaskSettings settings) => settings with
    {
        Checkpoint = parsed.GetValue(checkpoint),
        Hints = new CheckpointHints(
            parsed.GetValue(weights), Given(parsed, heads) is [var ofImages, ..] ? ofImages : null,
            Given(parsed, heads) is [_, var ofTexts] ? ofTexts : null, Given(parsed, activation))
        {
            Say = CommandLine.Remark,
        },
        Data = Given(parsed, data),
        Corpus = Corpus(parsed),
        Decoys = Corpus(parsed) is not null && Given(parsed, pairs) is { } few
            ? ToyWorldSettings.Scaled(settings.Decoys.Seed, few, testShare: 3) : settings.Decoys,
        Dataset = Dataset(parsed),
        World = Given(parsed, pairs) is { } count ? ToyWorldSettings.Scaled(settings.World.Seed, count) : settings.World,
        Scenes = Given(parsed, images) is { } scenes ? ToyPictureSettings.Scaled(settings.Scenes.Seed, scenes).Coco
            : settings.Scenes,
        ReduceRatio = Reduce(parsed),
        Method = Method(parsed)?.Pruning,
        CalibrationExamples = parsed.GetValue(calibration),
        Candidates = Given(parsed, candidates),
        ImageSize = Given(parsed, imageSize),
        Vocabulary = Given(parsed, vocabulary),
        Workers = workers is null ? settings.Workers : parsed.GetValue(workers),
        Device = DeviceOption.Use(parsed, device, Precision(parsed)),
    };

    /// <summary>The run in its folder.</summary>
    public Run Run(ParseResult parsed, TaskSettings settings, string usualFolder) =>
        new(Task, settings, parsed.GetValue(output) ?? usualFolder)
        {
            Resume = parsed.GetValue(resume),
            Fresh = parsed.GetValue(fresh),
        };
}
