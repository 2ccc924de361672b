using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

public sealed class RunTests(RunTests.Trainings trained) : IClassFixture<RunTests.Trainings>, IDisposable
{
    private readonly Toys toys = trained.Toys;
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Tasks() => ["clip", "retrieval", "caption", "vqa"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_plain_checkpoint_is_trained_to_a_budget_and_scored(string task)
    {
        var report = trained.Once(task);
        var (split, score) = Assert.Single(report.Scores);
        Assert.InRange(report.Calibration!.Cost / report.Calibration.Target, 0.95, 1.05);
        Assert.InRange(score.MacShare, 0.5, 0.9);
        Assert.All(score.Scores, one => Assert.True(double.IsFinite(one.Value), one.Key));
        using var weights = CheckpointFile.Open(report.Weights);
        Assert.DoesNotContain(weights.Tensors.Select(tensor => tensor.Name), name => name.Contains("_m.", StringComparison.Ordinal) || name.EndsWith("_queue", StringComparison.Ordinal));
        Assert.Equal(report.Calibration.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), weights.Metadata["temperature"]);
        var again = toys.Scoring(task, report.Weights, Path.Combine(folder.Path, "again"), 32).Limited(4).Evaluate(split);
        Assert.Equal(score.Scores, again.Scores);
        Assert.Equal(score.Macs, again.Macs);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_run_that_was_stopped_ends_with_the_same_weights(string task)
    {
        var whole = trained.Once(task);
        using var stop = new CancellationTokenSource();
        var stopped = Settings(task, "stopped", 0.3) with { Resume = true };
        Assert.Null(stopped.Train(progress =>
        {
            if (progress.Step == 3) // in the second of two epochs
                stop.Cancel();
        }, stop.Token));
        var resumed = stopped.Train()!;
        Assert.Equal(whole.Steps, resumed.Steps);
        Assert.Equal(File.ReadAllBytes(whole.Weights), File.ReadAllBytes(resumed.Weights));
        Assert.Equal(whole.Watched.Accuracy, resumed.Watched.Accuracy);
    }

    [Fact]
    public void A_folder_is_one_runs_at_a_time()
    {
        var run = Settings("caption", "alone", null);
        using (FolderLock.Take(run.Folder))
        {
            Assert.Contains($"{run.Folder} is in use", Assert.Throws<IOException>(() => run.Train()).Message, StringComparison.Ordinal);
            Assert.Contains("is in use", Assert.Throws<IOException>(() => run.Evaluate()).Message, StringComparison.Ordinal);
        }

        Assert.NotNull((run with { Scored = [] }).Train());
    }

    [Fact]
    public void Weights_that_are_not_finite_are_not_scored()
    {
        var run = Settings("caption", "broken", null);
        using (var file = CheckpointFile.Open(run.Settings.Checkpoint!))
        {
            var tensors = file.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.ToTensor());
            tensors.First(tensor => tensor.Key.EndsWith("norm.weight", StringComparison.Ordinal)).Value.fill_(double.NaN);
            SafetensorsWriter.Write(folder.File("nan.safetensors"), tensors, file.Metadata);
        }

        var error = Assert.Throws<InvalidDataException>(() => run.With(settings => settings with { Checkpoint = folder.File("nan.safetensors") }).Evaluate());
        Assert.Contains("nan.safetensors: not every number in ", error.Message, StringComparison.Ordinal);
        Assert.Contains("norm.weight is finite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_budget_nothing_is_reduced()
    {
        var report = Settings("caption", "plain", null).Train()!;
        Assert.Null(report.Calibration);
        Assert.Equal(1, report.Watched.MacShare);
        Assert.Equal(report.Watched.ByKind["CIDEr"], report.Watched.Accuracy);
        Assert.Equal(1, report.Scores["test"].MacShare);
        Assert.Null(report.Scores["test"].Strength);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Without_training_the_weights_meet_the_budget_as_they_are(string task)
    {
        var own = new AlignmentConfig(64, 8, AlignmentMapping.PerLayer);
        var settings = Settings(task, "none", 0.3, own).With(s => s with { TrainExamples = 0 }) with { Scored = [] };
        var report = settings.Train()!;
        Assert.Equal(0, report.Steps);
        Assert.True(report.Calibration!.Reached, report.Calibration.ToString());
        Assert.False(File.Exists(Path.Combine(settings.Folder, "log.jsonl")));
        using var begun = CheckpointFile.Open(settings.Settings.Checkpoint!);
        using var weights = CheckpointFile.Open(report.Weights);
        Assert.All(begun.Tensors.Where(tensor => tensor.Type == TorchSharp.torch.ScalarType.Float32), tensor => Assert.Equal(tensor.ToArray<float>(), weights[tensor.Name].ToArray<float>()));
    }

    [Fact]
    public void A_method_with_fixed_counts_meets_the_budget_by_its_keep_ratio()
    {
        var report = Settings("clip", "stp", 0.3).With(s => s with { Method = PruningMethod.ByKeepRatio("STP", keep => StaticPruning.Policy(keep)) }).Train()!;
        Assert.InRange(report.Calibration!.Value, 0.02, 1);
        Assert.Equal(report.Calibration.Value, report.Scores["test"].Strength);
        using var weights = CheckpointFile.Open(report.Weights);
        Assert.False(weights.Metadata.ContainsKey("temperature"), "a keep ratio is no temperature");
        Assert.True(weights.Metadata.ContainsKey("keep_ratio"));
        Assert.InRange(report.Scores["test"].MacShare, 0.5, 0.9);
        var again = toys.Scoring("clip", report.Weights, Path.Combine(folder.Path, "again"), 32).Limited(4);
        Assert.Equal(report.Scores["test"].Macs, again.Evaluate().Macs); // by the method that stored the ratio, unnamed
        var other = again.With(s => s with { Method = PruningMethod.Madtp }) with { Fresh = true, Resume = false };
        Assert.Contains("has no temperature", Assert.Throws<ArgumentException>(() => other.Evaluate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_were_trained_on_are_scored_anew()
    {
        var whole = Settings("caption", "whole", null);
        var expected = whole.Train()!;
        var first = whole with { Folder = Path.Combine(folder.Path, "parts"), Training = whole.Training with { StopAfterEpoch = 1 } };
        Assert.NotNull(first.Train());
        var parts = (first with { Training = whole.Training, Resume = true }).Train()!;
        Assert.Equal(File.ReadAllBytes(expected.Weights), File.ReadAllBytes(parts.Weights));
        Assert.Equal(0, parts.Scores["test"].Resumed);
        Assert.Equal(expected.Scores["test"].Scores, parts.Scores["test"].Scores);
    }

    [Fact]
    public void A_run_is_gone_on_with_by_its_own_recipe_alone()
    {
        var settings = Settings("caption", "run", null) with { Scored = [] };
        Assert.NotNull(settings.Train());
        Refused(settings.With(s => s with { DropPath = 0.3 }), "drop path 0.3");
        Refused(settings.With(s => s with { Candidates = 3 }), "candidates");
        Refused(settings with { Training = settings.Training with { LearningRate = 1 } }, "its LearningRate is 0.001, not 1");
        Refused(settings with { Training = settings.Training with { Precision = TrainingPrecision.BFloat16 } }, "its Precision is Float32, not BFloat16");

        static void Refused(Run other, string difference) => Assert.Contains(
            difference, Assert.Throws<InvalidDataException>(() => (other with { Resume = true }).Train()).Message, StringComparison.Ordinal);
    }

    // As where the memory did not suffice.
    [Fact]
    public void A_stopped_run_goes_on_fitted_to_the_machine_otherwise()
    {
        using var stop = new CancellationTokenSource();
        var run = Settings("caption", "run", 0.3) with { Resume = true, Scored = [] };
        Assert.Null(run.Train(_ => stop.Cancel(), stop.Token));
        var training = run.Training with { AccumulateSteps = 4, GradientCheckpointing = true, LogEvery = 3, CheckpointEvery = 0 };
        Assert.Equal(4, (run with { Training = training }).Train()!.Steps);
        var shared = run.With(s => s with { Method = Methods.Of("max-keep").Pruning }) with { Folder = folder.File("shared") };
        Assert.NotNull(shared.Train());
        var error = Assert.Throws<InvalidDataException>(() => (shared with { Training = training }).Train());
        Assert.Contains("its parts of a batch is 2, not 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_with_another_setting_is_another()
    {
        var run = new Run("caption", new TaskSettings { Learns = true }, "");
        using var task = ModelTask.Open("caption", run.Settings);
        (string Name, Run Run)[] others =
        [
            ("image size", run.With(s => s with { ImageSize = 32 })), ("guidance", run.With(s => s with { Guidance = GuidanceTraining.Negatives })),
            ("watched", run.With(s => s with { WatchedExamples = 7 })),
            ("candidates", run.With(s => s with { Candidates = 7 })), ("distillation", run.With(s => s with { Distillation = 0.1 })),
            ("learns val2014", run.With(s => s with { TrainOnValidation = true })), ("data set", run.With(s => s with { Dataset = "flickr30k" })),
            ("alignment", run.With(s => s with { NewAlignment = true })), ("weights", run.With(s => s with { Hints = new CheckpointHints(Weights: "ema") })),
            ("world", run.With(s => s with { Scenes = s.Scenes with { Seed = 99 } })),
            ("learning rate", run with { Training = new TrainingSettings { LearningRate = 1e-7 } }), ("seed", run with { Training = new TrainingSettings { Seed = 99 } }),
        ];
        var own = RunInputs.Of(run, task).Short;
        Assert.Equal([], others.Where(other => RunInputs.Of(other.Run, task).Short == own).Select(other => other.Name));
        Assert.NotEqual(OfCorpus(ThingKind.Object), OfCorpus(ThingKind.Glyph));

        string OfCorpus(ThingKind corpus) => RunInputs.Of(run.With(s => s with { Corpus = corpus }), task).Short;
    }

    [Fact]
    public void A_scoring_with_another_setting_is_another()
    {
        var plain = new Run("caption", new TaskSettings { Checkpoint = ToyModels.WeightsPath("caption") }, "");
        var reduced = plain.With(s => s with { ReduceRatio = 0.5 });
        Assert.NotEqual(Of(plain), Of(plain with { Scoring = new Scoring { BatchSize = 7 } }));
        Assert.NotEqual(Of(reduced), Of(reduced.With(s => s with { CalibrationExamples = 7 })));
        Assert.NotEqual(Of(reduced), Of(reduced.With(s => s with { ReduceRatio = 0.4 })));

        static string Of(Run run)
        {
            using var task = ModelTask.Open("caption", run.Settings);
            return RunInputs.Of(run, task, "test").Short;
        }
    }

    [Fact]
    public void A_stored_strength_serves_the_method_that_stored_it_and_reduces_something()
    {
        Assert.Equal(0.5, Stored("0.5", "STP"));
        Assert.Contains("what it holds is STP's", Assert.Throws<ArgumentException>(() => Stored("0.5", "ToMe")).Message, StringComparison.Ordinal);
        Assert.Contains("its keep ratio is 0, which reduces nothing", Assert.Throws<InvalidDataException>(() => Stored("0", "STP")).Message, StringComparison.Ordinal);

        double? Stored(string ratio, string method)
        {
            var path = folder.File("stored.safetensors");
            SafetensorsWriter.Write(path, new Dictionary<string, TorchSharp.torch.Tensor> { ["weight"] = TorchSharp.torch.zeros(1) }, new Dictionary<string, string> { ["method"] = "STP", ["keep_ratio"] = ratio });
            return StoredStrength.Of(new TaskSettings { Checkpoint = path, Method = Methods.Of(method).Pruning }).Strength;
        }
    }

    [Fact]
    public void Answers_in_one_precision_are_not_those_in_another()
    {
        var report = trained.Once("caption");
        var scoring = toys.Scoring("caption", report.Weights, Path.Combine(folder.Path, "precisions"), 32).Limited(2);
        scoring.Evaluate();
        using var mixed = MixedPrecision.Begin();
        Assert.Contains("precision", Assert.Throws<InvalidDataException>(() => scoring.Evaluate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Alignment_guidance_of_the_checkpoint_is_kept_unless_it_shall_begin_anew()
    {
        var own = new AlignmentConfig(5, 6, AlignmentMapping.PerLayer);
        var kept = Trained(Settings("caption", "kept", null, own));
        Assert.Equal([5, 6], kept);
        var begun = Settings("caption", "anew", null, own);
        Assert.Equal([64, 8], Trained(begun.With(s => s with { NewAlignment = true })));
    }

    [Fact]
    public void Karpathys_original_file_and_flickr30k_serve_as_well()
    {
        using var other = new TemporaryFolder();
        Toys.Copy(toys.Data, other.Path);
        foreach (var split in new[] { "train", "val" })
            File.Delete(Path.Combine(other.Path, "coco", $"coco_karpathy_{split}.json"));

        Assert.NotNull((Settings("clip", "original", null).With(s => s with { Data = other.Path }) with { Scored = [] }).Train());
        Assert.NotNull((Settings("retrieval", "flickr30k", null).With(s => s with { Dataset = "flickr30k" }) with { Scored = [] }).Train());
    }

    [Fact]
    public void Vqa_may_learn_the_validation_questions_too()
    {
        Assert.Equal(12 * 4, Learned(andValidation: false));
        Assert.Equal((12 + 4 + 14) * 4, Learned(andValidation: true));

        int Learned(bool andValidation)
        {
            var settings = Settings("vqa", "run", null).Settings with { Learns = true, TrainExamples = null, TrainOnValidation = andValidation };
            using var task = ModelTask.Open("vqa", settings);
            return task.Examples;
        }
    }

    [Fact]
    public void What_cannot_be_done_is_said()
    {
        var settings = Settings("caption", "run", 0.3) with { Scored = [] };
        Assert.Contains("nlvr2, clip, retrieval, caption, vqa", Assert.Throws<ArgumentException>(() => (settings with { Task = "nlvr3" }).Train()).Message, StringComparison.Ordinal);
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentException>(() => settings.With(s => s with { ReduceRatio = 1 }).Train()).Message, StringComparison.Ordinal);
        Assert.Contains("flickr30k", Assert.Throws<ArgumentException>(() => settings.With(s => s with { Dataset = "flickr30k" }).Train()).Message, StringComparison.Ordinal);
        Assert.Contains("make-toy", Assert.Throws<FileNotFoundException>(() => settings.With(s => s with { Data = folder.Path }).Train()).Message, StringComparison.Ordinal);
        Assert.NotNull(settings.Train());
        Assert.Contains("--resume", Assert.Throws<InvalidDataException>(() => settings.Train()).Message, StringComparison.Ordinal);
        Assert.NotNull((settings with { Fresh = true }).Train());
        var error = Assert.Throws<InvalidDataException>(() => (settings.With(s => s with { ReduceRatio = 0.4 }) with { Resume = true }).Train());
        Assert.Contains("reduce ratio is 0.3, not 0.4", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clip", "coco", 0.5, 128, 1, 1e-5, 5, 0.2)]
    [InlineData("retrieval", "coco", 0.5, 256, 1, 1e-7, 5, 0.05)]
    [InlineData("retrieval", "coco", 0.75, 256, 1, 1e-7, 10, 0.05)]
    [InlineData("retrieval", "flickr30k", 0.5, 128, 1, 1e-7, 10, 0.05)]
    [InlineData("caption", "coco", null, 256, 8, 1e-5, 5, 0.05)]
    [InlineData("vqa", "coco", 0.5, 128, 8, 2e-5, 3, 0.05)]
    public void Recipes_are_the_released_configurations(string task, string dataset, double? ratio, int batch, int parts, double rate, int epochs, double decay)
    {
        var training = Recipe.Paper(task, dataset, ratio).Training;
        Assert.Equal((batch, parts, rate, epochs, decay), (training.BatchSize, training.AccumulateSteps, training.LearningRate, training.Epochs, training.WeightDecay));
        Assert.Equal((0, 0.0), (training.WarmupSteps, training.FinalLearningRate));
    }

    private static long[] Trained(Run settings)
    {
        using var weights = CheckpointFile.Open((settings with { Scored = [] }).Train()!.Weights);
        return [.. weights["space_dict"].Shape];
    }

    private Run Settings(string task, string run, double? ratio, AlignmentConfig? own = null) =>
        Small(toys, folder.Path, task, run, ratio, own);

    private static Run Small(Toys toys, string folder, string task, string run, double? ratio, AlignmentConfig? own = null)
    {
        var (settings, training) = TinyCheckpoints.Recipe(task, ratio);
        settings = settings with { Checkpoint = TinyCheckpoints.Write(folder, task, own), Data = toys.Data, TrainExamples = 20, Workers = 2 };
        return new Run(task, settings, Path.Combine(folder, run)) { Training = training, Scoring = new Scoring { Limit = 4 } };
    }

    /// <summary>A small toy world, and each task trained in it to a budget when it is first asked for.</summary>
    public sealed class Trainings : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly Dictionary<string, RunReport> done = [];

        public Toys Toys { get; } = new();

        internal RunReport Once(string task)
        {
            if (!done.TryGetValue(task, out var report))
                done[task] = report = Small(Toys, folder.Path, task, task, 0.3).Train()!;

            return report;
        }

        public void Dispose()
        {
            Toys.Dispose();
            folder.Dispose();
        }
    }
}
