using Madtp.Kit.Madtp;
using System.CommandLine;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli;

/// <summary>What train and evaluate ask of a task, in one spelling: its weights, its data, how tokens are reduced, where to compute.</summary>
internal sealed class TaskOptions
{
    private const string ToyPrefix = "toy-";

    private readonly bool isToy;
    private readonly Option<string?> checkpoint = new("--checkpoint") { HelpName = "FILE" };
    private readonly Option<string> data = new("--data") { Description = "The folder of all data sets, or the task's own.", HelpName = "DIR", DefaultValueFactory = _ => "data" };
    private readonly Option<string> dataset = new("--dataset") { Description = "coco or flickr30k, for the tasks on captions.", DefaultValueFactory = _ => "coco" };
    private readonly Option<int?> pairs = new("--pairs") { Description = "Training pairs to draw, a multiple of four, instead of 12,000; dev and test shrink with them.", HelpName = "N" };
    private readonly Option<int?> images = new("--images") { Description = "Training scenes to draw, instead of 6,000; val and test shrink with them.", HelpName = "N" };
    private readonly Option<double?> reduce = new("--reduce") { Description = "Share of the multiply-accumulates to take away, such as 0.5: what meets it is found on calibration examples.", HelpName = "RATIO" };
    private readonly Option<string?> method = MethodNames.Create("Usually madtp; madtp-released for the authors' checkpoints.");
    private readonly Option<int> calibration = new("--calibration") { Description = "Examples that --reduce looks at, the first of the training split.", HelpName = "N", DefaultValueFactory = _ => 200 };
    private readonly Option<int?> candidates = new("--candidates") { Description = "What BLIP looks at closely: pairs read for each query of retrieval, answers read to their end for each question.", HelpName = "N" };
    private readonly Option<int?> imageSize = new("--image-size") { Description = "Another image side than the checkpoint's, in pixels.", HelpName = "PIXELS" };
    private readonly Option<string?> vocabulary = new("--vocab") { Description = "The vocabulary, if it does not lie beside the data.", HelpName = "FILE" };
    private readonly Option<int> workers = new("--workers") { Description = "Images decoded at a time.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<string> device = DeviceOption.Create();

    /// <summary>The options of a task, by the name that the command line has for it.</summary>
    /// <param name="name">A task's name, or <c>toy-</c> and that name for the toy world drawn in memory.</param>
    /// <param name="weights">What the weights are for.</param>
    public TaskOptions(string name, string weights)
    {
        isToy = name.StartsWith(ToyPrefix, StringComparison.Ordinal);
        Task = isToy ? name[ToyPrefix.Length..] : name;
        checkpoint.Description = weights;
        checkpoint.Required = !isToy;
    }

    /// <summary>The names that commands have for tasks: of the toy world drawn in memory, then of files.</summary>
    public static IEnumerable<string> Names => [.. ModelTask.Names.Select(task => ToyPrefix + task), .. ModelTask.Names];

    /// <summary>The task's name.</summary>
    public string Task { get; }

    /// <summary>What a task is about, in a sentence.</summary>
    public string Description => Task switch
    {
        "nlvr2" => "BLIP on NLVR2: is a statement true of two images?",
        "clip" => "CLIP retrieval: captions and images ranked by similarity.",
        "retrieval" => "BLIP retrieval: captions and images ranked by similarity, then read together.",
        "caption" => "BLIP captioning: what does an image show?",
        _ => "BLIP VQA: questions about images.",
    }
    + (isToy ? " In the toy world, drawn in memory." : string.Empty);

    public void AddTo(Command command)
    {
        Option[] own = isToy ? Task == "nlvr2" ? [pairs] : [images] : Task is "nlvr2" or "vqa" or "caption" ? [data, imageSize, vocabulary, workers] : [data, dataset, imageSize, vocabulary, workers];
        Option[] all = [checkpoint, .. own, reduce, method, calibration, .. Task is "retrieval" or "vqa" ? [candidates] : Array.Empty<Option>(), device];
        Array.ForEach(all, command.Add);
    }

    /// <summary>The weights that were named; null where none were.</summary>
    public string? Checkpoint(ParseResult parsed) => parsed.GetValue(checkpoint);

    /// <summary>The reduce ratio that was named; null where none was.</summary>
    public double? Reduce(ParseResult parsed) => parsed.GetValue(reduce);

    /// <summary>Whether a reduce ratio was named.</summary>
    public bool Reduces(System.CommandLine.Parsing.CommandResult result) => result.GetValue(reduce) is not null;

    /// <summary>The method that was named; null where none was.</summary>
    /// <exception cref="ArgumentException">There is no such method.</exception>
    public Madtp.Method? Method(ParseResult parsed) => parsed.GetValue(method) is { } name ? Methods.Of(name) : null;

    /// <summary>The toy weights that come with the kit: those fine-tuned for a ratio where there are such, else the plain ones.</summary>
    public string ToyWeightsFor(double? ratio) => File.Exists(Recipe.ToyWeightsPath(Task, ratio)) ? Recipe.ToyWeightsPath(Task, ratio) : Recipe.ToyWeightsPath(Task);

    /// <summary>The settings with what was named.</summary>
    public TaskSettings Apply(ParseResult parsed, TaskSettings settings) => settings with
    {
        Checkpoint = Checkpoint(parsed),
        Data = isToy ? null : parsed.GetRequiredValue(data),
        Dataset = isToy ? settings.Dataset : Dataset(parsed),
        World = isToy && parsed.GetValue(pairs) is { } count ? ToyWorldSettings.Scaled(settings.World.Seed, count) : settings.World,
        Scenes = isToy && parsed.GetValue(images) is { } scenes ? ToyPictureSettings.Scaled(settings.Scenes.Seed, scenes).Coco : settings.Scenes,
        ReduceRatio = Reduce(parsed),
        Method = Method(parsed)?.Pruning,
        CalibrationExamples = parsed.GetValue(calibration),
        Candidates = parsed.GetValue(candidates),
        ImageSize = parsed.GetValue(imageSize),
        Vocabulary = parsed.GetValue(vocabulary),
        Workers = isToy ? settings.Workers : parsed.GetValue(workers),
        Device = DeviceOption.Use(parsed, device),
    };

    /// <summary>The data set.</summary>
    public string Dataset(ParseResult parsed) => isToy || Task is "nlvr2" or "vqa" or "caption" ? "coco" : parsed.GetRequiredValue(dataset);

    /// <summary>Whether it is the toy world drawn in memory.</summary>
    public bool IsToy => isToy;
}
