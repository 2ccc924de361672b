using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>What an experiment trains and scores. At toy scale one short pass from the trained plain model; at the paper's scale
/// the released recipe from a published checkpoint. Either ends with the test split (VQA's val2014, the one with public
/// answers).</summary>
/// <param name="task">One of <see cref="ModelTask.Names"/>.</param>
/// <param name="published">The checkpoint that it begins with, and the folder of its family; null for the toy world.</param>
/// <param name="examples">Examples of the training split.</param>
/// <param name="folders">Where data sets and checkpoints are; those of <see cref="PaperFolders"/> if null.</param>
/// <param name="corpus">A corpus of the world with decoys; null for the small world.</param>
public sealed class ExperimentTask(
    string task, string dataset = "coco", (string Family, string Weights)? published = null, int examples = 3200,
    (string Data, string Checkpoints)? folders = null, ThingKind? corpus = null)
{
    /// <summary>All of them. Captions are those of Karpathy's training splits, VQA's questions those about train2014.</summary>
    public static IReadOnlyList<ExperimentTask> All { get; } =
    [
        .. ModelTask.Names.Select(task => new ExperimentTask(task)),
        .. Enum.GetValues<ThingKind>().Select(corpus => new ExperimentTask("nlvr2", corpus: corpus)),
        new("nlvr2", published: ("blip", "model_base_nlvr.pth"), examples: 86_373),
        new("clip", "coco", ("clip", "ViT-L-14-336px.pt"), 566_747),
        new("clip", "flickr30k", ("clip", "ViT-L-14-336px.pt"), 145_000),
        new("retrieval", "coco", ("blip", "model_base_retrieval_coco.pth"), 566_747),
        new("retrieval", "flickr30k", ("blip", "model_base_retrieval_flickr.pth"), 145_000),
        new("caption", "coco", ("blip", "model_base_caption_capfilt_large.pth"), 566_747),
        new("vqa", "coco", ("blip", "model_base_vqa_capfilt_large.pth"), 443_757),
    ];

    /// <summary>Its name in <see cref="Experiment.Task"/>.</summary>
    public string Name =>
        published is null ? $"toy-{ToyName}" : dataset == "flickr30k" ? $"{task}-flickr30k" : task;

    /// <summary>The default experiment: MADTP with nothing taken away yet, seed 1, the training that the task has.</summary>
    public Experiment Default =>
        corpus is not null ? new Experiment(Name) { LearnableTokens = BlipConfig.Decoys.Alignment!.Tokens }
        : published is null ? new Experiment(Name)
        : new Experiment(Name)
        {
            TrainExamples = examples,
            LearningRate = Recipe.Paper(task, dataset).Training.LearningRate,
            LearnableTokens = new AlignmentConfig().Tokens,
            AlignmentWidth = new AlignmentConfig().Width,
        };

    /// <summary>Whether it is of the paper's scale.</summary>
    public bool IsPaper => published is not null;

    /// <summary>Whether it computes on a GPU where there is one; the small toy world's experiments stay on the CPU.</summary>
    public bool ChoosesDevice => published is not null || corpus is not null;

    /// <summary>What else results depend on: digests of the weights it begins with, of vocabulary and annotations, or the toy
    /// world's settings.</summary>
    public string InputDigest
    {
        get
        {
            if (published is not null)
                return string.Join(' ', Inputs([]).Select(FileDigest.Of));

            var world = corpus is not null ? JsonSerializer.Serialize(ToyWorldSettings.Decoys)
                : task == "nlvr2" ? JsonSerializer.Serialize(new ToyWorldSettings())
                : JsonSerializer.Serialize(new ToyCaptionSettings());
            return $"{FileDigest.Of(ToyModels.WeightsPath(ToyName))} {world}";
        }
    }

    // What the toy world's weights are called.
    private string ToyName => corpus is { } spoken ? ToyModels.DecoysName(spoken) : task;

    private string Test => task switch { "nlvr2" => "test1", "vqa" => "val", _ => "test" };

    private (string Data, string Checkpoints) Folders => folders ?? (PaperFolders.Data, PaperFolders.Checkpoints);

    /// <summary>The task of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message names those there are.</exception>
    public static ExperimentTask Of(string name) => All.FirstOrDefault(task => task.Name == name) ?? throw new ArgumentException(
        $"there is no task {Printable.Quoted(name)}; there are {string.Join(", ", All.Select(task => task.Name))}", nameof(name));

    /// <summary>Digest of the test split.</summary>
    public string DataDigest()
    {
        if (published is not null)
            return FileDigest.Of(Split(Test));

        using var scope = NewDisposeScope();
        if (task == "nlvr2")
        {
            using var pairs = corpus is { } spoken ? DecoyPairs.Draw("test1", spoken) : ToyNlvr2Pairs.Draw("test1");
            var batch = pairs.Batch([.. Enumerable.Range(0, pairs.Count)]);
            return FileDigest.Of(batch.Images, batch.Ids, batch.Labels);
        }

        using var scenes = task switch
        {
            "clip" => ToyCaptionedImages.DrawForClip("test"),
            "retrieval" => ToyCaptionedImages.DrawForBlip("test"),
            _ => ToyCaptionedImages.DrawForCaptioning("test"),
        };
        return FileDigest.Of(
            scenes.Pixels([.. Enumerable.Range(0, scenes.Images)]), scenes.Texts([.. Enumerable.Range(0, scenes.Captions)]).Ids);
    }

    /// <summary>Insists that everything is there that a run needs, before it is begun; the toy world needs nothing.</summary>
    /// <exception cref="FileNotFoundException">Something is missing; the message lists all of it and where to get it.</exception>
    public void RequireInputs()
    {
        if (published is null)
            return;

        var missing = new List<(string Path, string Source)>();
        var annotations = Inputs(missing)[2..];
        var images = task == "nlvr2" ? "nlvr2" : dataset == "coco" ? "coco-images" : dataset;
        string[] lines =
        [
            .. missing.Select(one => $"{one.Path} ('./kit data get {one.Source}')").Distinct(),
            .. SomeImages(annotations).Where(image => !File.Exists(image))
                .Select(image => $"images such as {image} ('./kit data status {images}' tells where to get them)"),
        ];
        if (lines.Length > 0)
        {
            throw new FileNotFoundException(
                $"the task '{Name}' at the paper's scale needs files that are not there:"
                + string.Concat(lines.Select(line => $"{Environment.NewLine}  {line}"))
                + $"{Environment.NewLine}data/README.md tells where they come from; KIT_SCALE=toy needs nothing; "
                + "KIT_DATA and KIT_CHECKPOINTS name other folders");
        }
    }

    /// <summary>Trains and scores.</summary>
    /// <param name="folder">Where the training keeps its checkpoint, and finds it again.</param>
    /// <returns>The report, with the test split's scores alone; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">There is no such method, or it needs what the experiment does not give.</exception>
    public RunReport? Run(
        Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var method = Methods.Of(experiment.Method);
        var ratio = experiment.ReduceRatio > 0 ? experiment.ReduceRatio : (double?)null;
        var recipe = corpus is { } spoken ? Recipe.Decoys(spoken, 0.5) : published is null ? Toy(experiment) : Paper(ratio);
        var settings = recipe.Task with
        {
            ReduceRatio = ratio,
            Method = method.Pruning,
            AlignmentWeight = method.AlignmentWeight,
            Guidance = method.Guidance,
            Alignment = new AlignmentConfig(experiment.LearnableTokens, experiment.AlignmentWidth, AlignmentMapping.PerLayer),
            TrainExamples = experiment.TrainExamples,
            Device = ChoosesDevice ? PaperMachine.Device : recipe.Task.Device,
        };
        var training = recipe.Training with
        {
            Seed = experiment.Seed,
            LearningRate = experiment.LearningRate,
            Epochs = experiment.Epochs ?? recipe.Training.Epochs,
        };
        if (published is not null)
        {
            var most = experiment.TrainExamples > 0 ? experiment.TrainExamples : int.MaxValue;
            training = PaperMachine.Fit(
                training with { BatchSize = Math.Min(training.BatchSize, most) },
                parts: task is not ("clip" or "retrieval")
                    && method.Guidance is not (GuidanceTraining.ShuffledTexts or GuidanceTraining.Negatives));
        }

        return new Run(task, settings, folder)
        {
            Training = training,
            Resume = true,
            PrunesParameters = method.PrunesParameters,
            UpdateEvery = published is null ? 5 : 50,
        }.Train(progress, cancellation);
    }

    private Recipe Toy(Experiment experiment)
    {
        var (k, width) = (Default.LearnableTokens, Default.AlignmentWidth);
        Guard.Argument(task == "nlvr2" || (experiment.LearnableTokens, experiment.AlignmentWidth) == (k, width),
            $"'{Name}' has K = {k} and d_k = {width}; only toy-nlvr2 varies them", nameof(experiment));
        return new Recipe(
            Recipe.Toy(task, 0.5).Task with { Checkpoint = ToyModels.WeightsPath(task), NewAlignment = task == "nlvr2" },
            new TrainingSettings { Epochs = 1, WarmupSteps = 20, CheckpointEvery = 25 });
    }

    private Recipe Paper(double? ratio)
    {
        var paper = Recipe.Paper(task, dataset, ratio);
        return paper with
        {
            Task = paper.Task with { Checkpoint = Checkpoint([]), Data = Folders.Data, NewAlignment = true },
        };
    }

    // In its family's folder, or in that of all checkpoints; where it belongs if it is in neither.
    private string Checkpoint(ICollection<(string Path, string Source)> missing) =>
        new TaskFiles(Folders.Checkpoints, missing).Require(published!.Value.Family, published.Value.Weights);

    private SplitFiles Splits(ICollection<(string Path, string Source)> missing) =>
        SplitFiles.Of(task, new TaskFiles(Folders.Data, missing), new TaskSettings { Dataset = dataset, Learns = true });

    private string Split(string split) => Splits([]).Paths([split])[0];

    // Checkpoint, vocabulary, then the annotations of all splits; each where it belongs if it is absent.
    private string[] Inputs(ICollection<(string Path, string Source)> missing)
    {
        var checkpoint = Checkpoint(missing);
        var splits = Splits(missing);
        return
        [
            checkpoint,
            splits.Files.Vocabulary(
                null, task == "clip" ? [.. ClipText.Vocabularies, "vocab.txt"] : CheckpointTexts.Vocabularies),
            .. splits.Paths(task switch { "vqa" => ["train", Test], _ => ["train", task == "nlvr2" ? "dev" : "val", Test] }),
        ];
    }

    // An image of each annotation file that is there: where it is absent, others are too.
    private IEnumerable<string> SomeImages(IReadOnlyList<string> annotations) => task switch
    {
        "nlvr2" => annotations.Where(File.Exists).Select(path => Nlvr2Dataset.Load(path)[0])
            .Select(first => File.Exists(first.LeftImagePath) ? first.RightImagePath : first.LeftImagePath),
        "vqa" => [],
        _ => annotations.TakeLast(1).Where(File.Exists).Select(path => CaptionFiles.Load(path, "test")[0].ImagePath),
    };
}
