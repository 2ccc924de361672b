using Madtp.Kit.Experiments;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Tests.Training;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

/// <summary>The paper's tasks on captions and questions, end to end, with tiny checkpoints and the toy world in the places of the real ones.</summary>
public sealed class ExperimentTaskTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names() => [.. ExperimentTask.All.Where(task => task.IsPaper && task.Name != "nlvr2").Select(task => task.Name)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_small_run_is_scored_like_the_toy_worlds_and_goes_on_where_it_was_stopped(string name)
    {
        var task = Task(name);
        task.RequireInputs();
        Assert.DoesNotContain("absent", task.InputDigest + task.DataDigest(), StringComparison.Ordinal);
        var experiment = task.Default with { ReduceRatio = 0.3, TrainExamples = 16, Epochs = 2, LearningRate = 1e-3, LearnableTokens = 64, AlignmentWidth = 8 };
        var whole = task.Run(experiment, Path.Combine(folder.Path, "whole"), null, default)!;
        Assert.InRange(Test(whole).Accuracy, 0, 10);
        Assert.InRange(Test(whole).MacShare, 0.5, 0.9);
        Assert.NotNull(whole.Calibration);
        var toy = new RunCache(KitPaths.InRepository("data", "toy", "runs")).All().First(result => result.Experiment.Task == Scale.Experiment(name, ExperimentScale.Toy).Task);
        Assert.Subset(toy.Scores.Keys.ToHashSet(), Test(whole).ByKind.Keys.ToHashSet());
        Assert.NotEmpty(Test(whole).ByKind);
        if (name != "caption")
        {
            return; // that a task's run goes on where it was stopped: RunTests
        }

        using var stop = new CancellationTokenSource();
        Assert.Null(task.Run(experiment, Path.Combine(folder.Path, "parts"), _ => stop.Cancel(), stop.Token));
        var parts = task.Run(experiment, Path.Combine(folder.Path, "parts"), null, default)!;
        Assert.Equal((Test(whole).Accuracy, whole.Watched.Accuracy, Test(whole).Macs), (Test(parts).Accuracy, parts.Watched.Accuracy, Test(parts).Macs));
        Assert.Equal(Test(whole).ByKind, Test(parts).ByKind);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_usual_experiment_is_the_papers(string name)
    {
        var usual = Scale.Experiment(name, ExperimentScale.Paper);
        var subject = Subject(name);
        Assert.Equal((name, 100, 768), (usual.Task, usual.LearnableTokens, usual.AlignmentWidth));
        Assert.Equal(Recipe.Paper(subject.Task, subject.Dataset).Training.LearningRate, usual.LearningRate);
        Assert.InRange(usual.TrainExamples, 145_000, 566_747);
    }

    [Fact]
    public void Missing_files_are_listed_before_anything_is_begun()
    {
        var none = Path.Combine(folder.Path, "none");
        string Said(string name) => Assert.Throws<FileNotFoundException>(() => Task(name, none, none).RequireInputs()).Message;
        Contains(Said("clip-flickr30k"), "ViT-L-14-336px.pt", "bpe_simple_vocab_16e6.txt.gz", "flickr30k_train.json", "flickr30k_val.json", "flickr30k_test.json", "./kit data get clip");
        Contains(Said("caption"), "model_base_caption_capfilt_large.pth", "coco_karpathy_test.json", "bert-base-uncased-vocab.txt");
        Contains(
            Said("vqa"), Path.Combine(none, "blip", "model_base_vqa_capfilt_large.pth"), "v2_OpenEnded_mscoco_val2014_questions.json or vqa_val.json",
            "v2_mscoco_val2014_annotations.json", "answer_list.json", "./kit data get blip", "./kit data get vocab", "data/README.md", "KIT_DATA", "KIT_CHECKPOINTS");
    }

    [Fact]
    public void Images_that_are_missing_are_told_by_one_of_them()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "coco"));
        folder.Write("coco/coco_karpathy_test.json", File.ReadAllText(toys.File("coco/coco_karpathy_test.json")));
        var said = Assert.Throws<FileNotFoundException>(() => Task("caption", folder.Path, folder.Path).RequireInputs()).Message;
        Contains(said, $"images such as {Path.Combine(folder.Path, "coco")}", "./kit data status coco-images");
        Assert.DoesNotContain("coco_karpathy_test.json", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_training_the_method_is_applied_as_it_is()
    {
        var reduced = Task("retrieval");
        var run = Path.Combine(folder.Path, "reduced");
        var experiment = reduced.Default with { ReduceRatio = 0.3, TrainExamples = 0, LearnableTokens = 64, AlignmentWidth = 8 };
        Assert.NotNull(reduced.Run(experiment, run, null, default)!.Calibration);
        Assert.False(File.Exists(Path.Combine(run, "log.jsonl")));
        var plain = Task("caption");
        var scores = plain.Run(plain.Default with { Method = "Uncompressed", TrainExamples = 0 }, Path.Combine(folder.Path, "plain"), null, default)!;
        Assert.Null(scores.Calibration);
        Assert.Equal(1, Test(scores).MacShare);
        Assert.Equal(Test(scores).ByKind["CIDEr"], Test(scores).Accuracy);
    }

    [Fact]
    public void Results_belong_to_the_checkpoint_they_began_with()
    {
        var task = Task("vqa");
        var before = task.InputDigest;
        File.AppendAllText(Path.Combine(folder.Path, Subject("vqa").Weights), " ");
        Assert.NotEqual(before, task.InputDigest);
    }

    [Fact]
    public void Results_belong_to_all_files_that_decide_them()
    {
        Toys.Copy(toys.Data, folder.File("data"));
        var task = Task("vqa", folder.File("data"), folder.Path);
        foreach (var name in new[] { "vocab.txt", "vqa/answer_list.json", "vqa/v2_mscoco_train2014_annotations.json", "vqa/v2_mscoco_val2014_annotations.json" })
        {
            var before = task.InputDigest;
            File.AppendAllText(folder.File(Path.Combine("data", name)), " ");
            Assert.NotEqual(before, task.InputDigest);
        }
    }

    [Theory]
    [InlineData("clip")]
    [InlineData("retrieval")]
    [InlineData("caption")]
    [InlineData("vqa")]
    public void UPop_prunes_parameters(string name)
    {
        var task = Task(name);
        var experiment = task.Default with { Method = "UPop", ReduceRatio = 0.3, TrainExamples = 16, Epochs = 2, LearningRate = 1e-3, LearnableTokens = 64, AlignmentWidth = 8 };
        var whole = task.Run(experiment, Path.Combine(folder.Path, "whole"), null, default)!;
        Assert.Null(whole.Calibration);
        Assert.InRange(Test(whole).MacShare, 0.6, 0.71);
        Assert.InRange(whole.Watched.MacShare, 0.6, 0.71); // that it goes on where it was stopped: UPopOfToysTests
        var none = Path.Combine(folder.Path, "none");
        Assert.Contains("by training", Assert.Throws<ArgumentException>(() => task.Run(experiment with { TrainExamples = 0 }, none, null, default)).Message, StringComparison.Ordinal);
    }

    private static void Contains(string said, params string[] all) => Assert.All(all, one => Assert.Contains(one, said, StringComparison.Ordinal));

    private static Evaluation Test(RunReport report) => report.Scores.Values.Single();

    private static (string Task, string Dataset, string Weights) Subject(string name)
    {
        var (task, dataset) = name.EndsWith("-flickr30k", StringComparison.Ordinal) ? (name.Split('-')[0], "flickr30k") : (name, "coco");
        return (task, dataset, task switch
        {
            "clip" => "ViT-L-14-336px.pt",
            "retrieval" => $"model_base_retrieval_{(dataset == "coco" ? "coco" : "flickr")}.pth",
            _ => $"model_base_{task}_capfilt_large.pth",
        });
    }

    private static ExperimentTask Task(string name, string data, string checkpoints)
    {
        var (task, dataset, weights) = Subject(name);
        return new ExperimentTask(task, dataset, (task == "clip" ? "clip" : "blip", weights), folders: (data, checkpoints));
    }

    private ExperimentTask Task(string name)
    {
        var (task, _, weights) = Subject(name);
        File.Move(TinyCheckpoints.Write(folder.Path, task), Path.Combine(folder.Path, weights));
        return Task(name, toys.Data, folder.Path);
    }
}
