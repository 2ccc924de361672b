using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using Madtp.Kit.Training;
using TorchSharp;
using Xunit;

namespace Madtp.Kit.Tests.Tasks;

public sealed class PairEvaluationTests : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Toys toys;
    private readonly ClipModel clip;
    private readonly BlipRetrieval blip;

    public PairEvaluationTests(Toys toys)
    {
        this.toys = toys;
        torch.manual_seed(4);
        clip = new ClipModel(ClipConfig.Toy with { Contrastive = null });
        blip = new BlipRetrieval(BlipConfig.ToyRetrieval with { Contrastive = null });
        SafetensorsWriter.Write(Weights("clip"), clip.state_dict());
        SafetensorsWriter.Write(Weights("retrieval"), blip.state_dict());
    }

    public void Dispose()
    {
        clip.Dispose();
        blip.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("clip", null)]
    [InlineData("clip", 3.0)]
    [InlineData("retrieval", null)]
    [InlineData("retrieval", 3.0)]
    public void Files_give_the_ranking_and_costs_of_the_same_images_in_memory(string task, double? temperature)
    {
        IReducibleModel model = task == "clip" ? clip : blip;
        var report = Settings(task, "run").With(s => s with { Strength = temperature }).Evaluate();
        using var images = InMemory(task);
        using var reduction = temperature is { } t ? TokenReduction.Attach(model, ReductionPolicy.Fixed, t) : null;
        var expected = RetrievalTask.Evaluate(model, images, "test", reduction, candidates: 5);
        Assert.Equal(expected.ByKind.Values.Select(recall => 100 * recall), report.Scores.Take(6).OrderBy(score => score.Key.StartsWith("images", StringComparison.Ordinal)).Select(score => score.Value), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(expected.Macs, report.Macs, 1e-6 * expected.Macs);
        Assert.Equal(expected.DenseMacs, report.DenseMacs, 1e-6 * expected.Macs);
        Assert.Equal(expected.Examples, report.Examples);
    }

    [Theory]
    [InlineData("clip", "answers")]
    [InlineData("retrieval", "answers")]
    [InlineData("retrieval", "ranking")]
    public void A_run_that_was_stopped_goes_on_and_ends_the_same(string task, string step)
    {
        var whole = Settings(task, "whole").With(s => s with { Strength = 3 }).Evaluate();
        var broken = Settings(task, "broken").With(s => s with { Strength = 3 });
        Toys.EvaluateAndStop(broken, step, finished: 8);
        var resumed = broken.Evaluate();
        Assert.Equal(whole.Scores, resumed.Scores);
        Assert.Equal(whole.Macs, resumed.Macs);
        Assert.All(Directory.GetFiles(Path.Combine(folder.Path, "whole")).Select(Path.GetFileName), name =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.Path, "whole", name!)), File.ReadAllBytes(Path.Combine(broken.Folder, name!))));
    }

    [Theory]
    [InlineData("clip", "coco")]
    [InlineData("retrieval", "flickr30k")]
    public void Scores_are_written_in_the_form_that_kit_score_reads(string task, string dataset)
    {
        var report = Settings(task, "run").With(s => s with { Dataset = dataset }).Evaluate();
        var file = dataset == "coco" ? "coco/coco_karpathy_test.json" : "flickr30k/flickr30k_test.json";
        var recall = RetrievalFiles.Read(report.Submission!, toys.File(file)).Recall();
        Assert.Equal([recall.TextAt1, recall.TextAt5, recall.TextAt10, recall.ImageAt1, recall.ImageAt5, recall.ImageAt10, recall.Mean], report.Scores.Select(score => score.Value));
    }

    [Fact]
    public void Karpathys_original_file_serves_as_well()
    {
        using var other = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(other.Path, "coco"));
        Directory.CreateSymbolicLink(Path.Combine(other.Path, "coco", "val2014"), toys.File("coco/val2014"));
        File.Copy(toys.File("coco/dataset_coco.json"), Path.Combine(other.Path, "coco", "dataset_coco.json"));
        File.Copy(toys.File("vocab.txt"), Path.Combine(other.Path, "vocab.txt"));
        var report = Settings("clip", "original").With(s => s with { Data = other.Path }).Evaluate();
        Assert.Equal(Settings("clip", "usual").Evaluate().Scores, report.Scores);
    }

    [Fact]
    public void Other_captions_than_there_are_cannot_be_asked_for()
    {
        Assert.Contains("flickr30k", Assert.Throws<ArgumentException>(() => Settings("clip", "run").With(s => s with { Dataset = "imagenet" }).Evaluate()).Message, StringComparison.Ordinal);
        Assert.Contains("visual.conv1", Assert.Throws<InvalidDataException>(() => (Settings("retrieval", "run") with { Task = "clip" }).Evaluate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rankings_of_other_candidates_are_another_runs()
    {
        Settings("retrieval", "run").Evaluate();
        var error = Assert.Throws<InvalidDataException>(() => Settings("retrieval", "run").With(s => s with { Candidates = 4 }).Evaluate());
        Assert.Contains("its candidates is 5, not 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_shuffled_where_all_are_compared_with_all()
    {
        using var images = InMemory("clip");
        var error = Assert.Throws<ArgumentException>(() => RetrievalTask.Evaluate(clip, images, "test", scoring: new Scoring { Shuffle = Shuffle.Images }));
        Assert.Contains("nothing to shuffle", error.Message, StringComparison.Ordinal);
    }

    private string Weights(string task) => Path.Combine(folder.Path, $"{task}.safetensors");

    private Run Settings(string task, string run) => toys.Scoring(task, Weights(task), Path.Combine(folder.Path, run), batch: 4).With(s => s with { Candidates = 5 });

    // The very pixels of the files: drawn ones differ a little from what a JPEG keeps.
    private CaptionedImages InMemory(string task)
    {
        var tokenizer = BertWordPiece.Load(toys.File("vocab.txt"));
        var images = CaptionImages.Load(toys.File("coco/coco_karpathy_test.json"), toys.File("coco"));
        int[] Tokens(string caption) => task == "clip" ? ToyTokens.ClipCaption(tokenizer, caption) : tokenizer.EncodeWithSpecials(BlipText.PreCaption(caption, 30));
        return new CaptionedImages(
            [.. images.SelectMany(image => RgbImage.Load(image.ImagePath).Pixels)],
            ToyScene.Size,
            [.. images.Select(image => (IReadOnlyList<int[]>)[.. image.Captions.Select(Tokens)])]);
    }
}
