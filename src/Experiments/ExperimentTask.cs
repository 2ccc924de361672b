using System.Text.Json;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>
/// What an experiment trains and scores. At toy scale one short pass from the trained plain model; at the paper's scale the released
/// recipe from a published checkpoint. Either ends with the test split (VQA's val2014, the one with public answers).
/// </summary>
public sealed class ExperimentTask
{
    private static readonly string[] BertVocabularies = ["bert-base-uncased-vocab.txt", "vocab.txt"];
    private static readonly string[] ClipVocabularies = ["bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "vocab.txt"];

    private readonly string task;
    private readonly string dataset;
    private readonly (string Family, string Weights)? published;
    private readonly Func<RequiredFiles> find;
    private readonly ThingKind? corpus;

    // One corpus of the world with decoys.
    private ExperimentTask(ThingKind corpus) : this("nlvr2") => (this.corpus, Name, Usual) = (
        corpus, $"toy-{ToyModels.DecoysName(corpus)}",
        new Experiment { Task = $"toy-{ToyModels.DecoysName(corpus)}", LearnableTokens = BlipConfig.Decoys.Alignment!.Tokens });

    internal ExperimentTask(string task, string dataset = "coco", (string Family, string Weights)? published = null, int examples = 3200, Func<RequiredFiles>? find = null)
    {
        (this.task, this.dataset, this.published) = (task, dataset, published);
        Name = published is null ? $"toy-{task}" : dataset == "flickr30k" ? $"{task}-flickr30k" : task;
        this.find = find ?? (() => RequiredFiles.Of(Name));
        Usual = published is null ? new Experiment { Task = Name } : new Experiment
        {
            Task = Name,
            TrainExamples = examples,
            LearningRate = Recipe.Paper(task, dataset).Training.LearningRate,
            LearnableTokens = new AlignmentConfig().Tokens,
            AlignmentWidth = new AlignmentConfig().Width,
        };
    }

    /// <summary>
    /// All of them. COCO's and Flickr30k's captions are those of Karpathy's training splits, VQA's questions those about train2014.
    /// </summary>
    public static IReadOnlyList<ExperimentTask> All { get; } =
    [
        .. ModelTask.Names.Select(task => new ExperimentTask(task)),
        .. Enum.GetValues<ThingKind>().Select(corpus => new ExperimentTask(corpus)),
        new("nlvr2", published: ("blip", "model_base_nlvr.pth"), examples: 86_373),
        new("clip", "coco", ("clip", "ViT-L-14-336px.pt"), 566_747),
        new("clip", "flickr30k", ("clip", "ViT-L-14-336px.pt"), 145_000),
        new("retrieval", "coco", ("blip", "model_base_retrieval_coco.pth"), 566_747),
        new("retrieval", "flickr30k", ("blip", "model_base_retrieval_flickr.pth"), 145_000),
        new("caption", "coco", ("blip", "model_base_caption_capfilt_large.pth"), 566_747),
        new("vqa", "coco", ("blip", "model_base_vqa_capfilt_large.pth"), 443_757),
    ];

    /// <summary>Its name in <see cref="Experiment.Task"/>.</summary>
    public string Name { get; }

    /// <summary>The usual experiment: MADTP with nothing taken away yet, seed 1, the training that the task is made for.</summary>
    public Experiment Usual { get; }

    /// <summary>Whether a run may take days, so that an unfinished one is never thrown away, not even when the kit's code has changed meanwhile.</summary>
    public bool TakesDays => published is not null;

    /// <summary>Whether it computes on a GPU where there is one; the small toy world's experiments stay on the CPU.</summary>
    public bool ChoosesDevice => published is not null || corpus is not null;

    /// <summary>What results depend on besides the experiment: digest of the weights it begins with, and of the data or its settings.</summary>
    public string Begins
    {
        get
        {
            if (corpus is { } spoken)
            {
                return $"{FileDigest.Of(ToyModels.Decoys(spoken).WeightsPath())} {JsonSerializer.Serialize(new DecoySettings())}";
            }

            if (published is null)
            {
                return $"{FileDigest.Of(ToyModels.WeightsPath(task, null))} {(task == "nlvr2" ? JsonSerializer.Serialize(new ToyWorldSettings()) : JsonSerializer.Serialize(new ToyCaptionSettings()))}";
            }

            var files = find();
            return string.Join(' ', new[] { Checkpoint(files), Split(files, "train"), Split(files, Test) }.Select(FileDigest.Remembered));
        }
    }

    private string Test => task switch { "nlvr2" => "test1", "vqa" => "val", _ => "test" };

    /// <summary>The task of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message names those there are.</exception>
    public static ExperimentTask Of(string name) => All.FirstOrDefault(task => task.Name == name)
        ?? throw new ArgumentException($"there is no task '{name}'; there are {string.Join(", ", All.Select(task => task.Name))}", nameof(name));

    /// <summary>Digest of the test split.</summary>
    public string DataDigest()
    {
        if (published is not null)
        {
            return FileDigest.Remembered(Split(find(), Test));
        }

        using var scope = NewDisposeScope();
        if (task == "nlvr2")
        {
            using var pairs = corpus is { } spoken ? DecoyPairs.Draw("test1", spoken) : ToyNlvr2Pairs.Draw("test1");
            var batch = pairs.Batch([.. Enumerable.Range(0, pairs.Count)]);
            return FileDigest.Of(batch.Images, batch.Ids, batch.Labels);
        }

        using var scenes = task == "clip" ? ToyCaptionedImages.DrawForClip("test") : task == "retrieval" ? ToyCaptionedImages.DrawForBlip("test") : ToyCaptionedImages.DrawForCaptioning("test");
        return FileDigest.Of(scenes.Pixels([.. Enumerable.Range(0, scenes.Images)]), scenes.Texts([.. Enumerable.Range(0, scenes.Captions)]).Ids);
    }

    /// <summary>Insists that everything is there that a run needs, before it is begun; the toy world needs nothing.</summary>
    /// <exception cref="FileNotFoundException">Something is missing; the message lists all of it and where to get it.</exception>
    public void RequireInputs()
    {
        if (published is null)
        {
            return;
        }

        var files = find();
        Checkpoint(files);
        files.Vocabulary(task == "clip" ? ClipVocabularies : BertVocabularies);
        string[] annotations = [.. (task switch { "nlvr2" => new[] { "train", "dev", "test1" }, "vqa" => ["train", "val"], _ => ["train", "val", "test"] }).Select(split => Split(files, split))];
        if (task == "nlvr2")
        {
            foreach (var path in annotations.Where(File.Exists))
            {
                var first = Nlvr2Dataset.Load(path)[0];
                files.Images("nlvr2", first.LeftImagePath, first.RightImagePath);
            }
        }
        else if (task == "vqa")
        {
            files.Annotations("vqa", "answer_list.json");
            foreach (var year in new[] { "train", "val" }.Zip(annotations).Where(split => Path.GetFileName(split.Second).StartsWith("v2_", StringComparison.Ordinal)))
            {
                files.Annotations("vqa", $"v2_mscoco_{year.First}2014_annotations.json"); // the official questions' answers
            }
        }
        else if (File.Exists(annotations[^1]))
        {
            files.Images(dataset == "coco" ? "coco-images" : dataset, CaptionFileNames.Load(annotations[^1], "test")[0].ImagePath);
        }

        files.RequireAll();
    }

    /// <summary>Trains and scores.</summary>
    /// <param name="experiment">What to run.</param>
    /// <param name="folder">Where the training keeps its checkpoint, and finds it again.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report, with the test split's scores alone; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">The task has no such method, or the method needs what the experiment does not give.</exception>
    public RunReport? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var method = Methods.Of(experiment.Method);
        var ratio = experiment.ReduceRatio > 0 ? experiment.ReduceRatio : (double?)null;
        if (method.PrunesParameters && (ratio is null || experiment.TrainExamples <= 0))
        {
            throw new ArgumentException($"{method.Name} finds what to prune by training: it needs a reduce ratio above 0 and examples to train on", nameof(experiment));
        }

        var recipe = published is null ? Toy(experiment) : Paper(experiment, ratio);
        var settings = recipe.Task with
        {
            ReduceRatio = ratio,
            Method = method.Pruning,
            AlignmentWeight = method.AlignmentWeight,
            Guidance = method.Guidance,
            TrainExamples = experiment.TrainExamples,
        };
        return new Run(task, settings, folder)
        {
            Training = recipe.Training with { Seed = experiment.Seed, LearningRate = experiment.LearningRate },
            Resume = true,
            PrunesParameters = method.PrunesParameters,
            UpdateEvery = published is null ? 5 : 50,
        }.Train(progress, cancellation);
    }

    private Recipe Toy(Experiment experiment)
    {
        var alignment = new AlignmentConfig(experiment.LearnableTokens, experiment.AlignmentWidth, AlignmentMapping.PerLayer);
        if (corpus is { } spoken)
        {
            var recipe = Recipe.Decoys(spoken, 0.5);
            return new Recipe(
                recipe.Task with { Alignment = alignment, Device = PaperMachine.Device },
                recipe.Training with { Epochs = experiment.Epochs ?? recipe.Training.Epochs });
        }

        var usual = new Experiment();
        if (task != "nlvr2" && (experiment.LearnableTokens, experiment.AlignmentWidth) != (usual.LearnableTokens, usual.AlignmentWidth))
        {
            throw new ArgumentException($"'{Name}' has K = {usual.LearnableTokens} and d_k = {usual.AlignmentWidth}; only toy-nlvr2 varies them", nameof(experiment));
        }

        var settings = Recipe.Toy(task, 0.5).Task with
        {
            Checkpoint = ToyModels.WeightsPath(task, null),
            Alignment = alignment,
            NewAlignment = task == "nlvr2",
        };
        return new Recipe(settings, new TrainingSettings { Epochs = experiment.Epochs ?? 1, WarmupSteps = 20, CheckpointEvery = 25 });
    }

    private Recipe Paper(Experiment experiment, double? ratio)
    {
        var files = find();
        var paper = Recipe.Paper(task, dataset, ratio);
        var settings = paper.Task with
        {
            Checkpoint = Checkpoint(files),
            Data = files.DataFolder,
            Alignment = new AlignmentConfig(experiment.LearnableTokens, experiment.AlignmentWidth, AlignmentMapping.PerLayer),
            NewAlignment = true,
            Device = PaperMachine.Device,
        };
        var batch = Math.Min(paper.Training.BatchSize, experiment.TrainExamples > 0 ? experiment.TrainExamples : int.MaxValue);
        return new Recipe(settings, PaperMachine.Fit(paper.Training with { BatchSize = batch, Epochs = experiment.Epochs ?? paper.Training.Epochs }, parts: task is not ("clip" or "retrieval")));
    }

    private string Checkpoint(RequiredFiles files) => files.Checkpoint(published!.Value.Family, published.Value.Weights);

    private string Split(RequiredFiles files, string split) => task switch
    {
        "nlvr2" => files.Annotations("nlvr2", NlvrTask.FileNames(split)),
        "vqa" => files.Annotations("vqa", $"v2_OpenEnded_mscoco_{split}2014_questions.json", $"vqa_{split}.json"),
        _ => files.Annotations(dataset, CaptionFileNames.Of(dataset, split)),
    };
}
