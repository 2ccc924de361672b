using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using Madtp.Kit.Training;
using TorchSharp.Modules;
using TorchSharp;
using Xunit;

namespace Madtp.Kit.Tests.Tasks;

/// <summary>Captioning and VQA: tasks whose answers are words.</summary>
public sealed class WrittenAnswersTests : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Toys toys;
    private readonly BertWordPiece tokenizer;
    private readonly BlipConfig config;

    public WrittenAnswersTests(Toys toys)
    {
        this.toys = toys;
        tokenizer = BertWordPiece.Load(toys.File("vocab.txt"));
        config = BlipConfig.Toy with { Contrastive = null, EncodeId = tokenizer.EncoderId!.Value, DecodeId = tokenizer.DecoderId!.Value };
        torch.manual_seed(8);
        using var captioner = new BlipCaptioner(config);
        using var vqa = new BlipVqa(config);
        using (torch.no_grad())
        {
            foreach (var linear in captioner.modules().Concat(vqa.modules()).OfType<Linear>())
            {
                torch.nn.init.xavier_uniform_(linear.weight); // or else every image looks alike
            }
        }

        SafetensorsWriter.Write(Weights("caption"), captioner.state_dict());
        SafetensorsWriter.Write(Weights("vqa"), vqa.state_dict());
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Captions_are_written_and_scored_as_COCOs_evaluation_does()
    {
        var report = Settings("caption", "run").Evaluate();
        using var submission = JsonDocument.Parse(File.ReadAllBytes(report.Submission!));
        var entries = submission.RootElement.EnumerateArray().ToArray();
        Assert.Equal(14, entries.Length);
        Assert.All(entries, entry => Assert.Equal(["image_id", "caption"], entry.EnumerateObject().Select(property => property.Name)));
        Assert.Equal(Enumerable.Range(3_000_000, 14), entries.Select(entry => entry.GetProperty("image_id").GetInt32()));
        Assert.All(entries, entry => Assert.DoesNotContain("[", entry.GetProperty("caption").GetString(), StringComparison.Ordinal));
        var expected = CaptionMetrics.Compute(CaptionSet.Read(report.Submission!, toys.File("coco/coco_karpathy_test_gt.json")));
        Assert.Equal([.. expected.Bleu, expected.RougeL, expected.Cider], report.Scores.Select(score => score.Value));
        Assert.True(entries.Select(entry => entry.GetProperty("caption").GetString()).Distinct().Count() > 3);
        Assert.Equal(1, report.MacShare);
    }

    [Fact]
    public void Questions_are_answered_as_the_model_ranks_and_scored_as_VQAs_evaluation_does()
    {
        var report = Settings("vqa", "run").Evaluate();
        var annotations = toys.File("vqa/v2_mscoco_val2014_annotations.json");
        var questions = toys.File("vqa/v2_OpenEnded_mscoco_val2014_questions.json");
        Assert.Equal(VqaAccuracy.ComputeFiles(report.Submission!, annotations, questions).Overall, report.Scores[0].Value);
        Assert.Equal("vqa_result.json", Path.GetFileName(report.Submission));
        using var data = VqaDataset.OpenOfficial(questions, annotations, toys.File("coco"));
        var answers = Answers(report.Submission!);
        Assert.Equal(data.Select(question => question.QuestionId), answers.Keys);
        Assert.Equal(data.Select(Ranked), answers.Values);
        Assert.True(answers.Values.Distinct().Count() > 3);
        var costs = new RunCosts(new VqaCost(config) { Questions = 1, Answers = 1 });
        Assert.Equal(data.Average(question => (double)costs.Dense(tokenizer.Encode(BlipText.PreQuestion(question.Question)).Count + 2)), report.Macs, 1.0);
    }

    [Theory]
    [InlineData("caption")]
    [InlineData("vqa")]
    public void A_reduced_run_that_was_stopped_goes_on_and_ends_the_same(string task)
    {
        var whole = Settings(task, "whole").With(s => s with { Strength = 3 }).Evaluate();
        Assert.True(whole.MacShare < 1, $"{whole.MacShare}");
        var broken = Settings(task, "broken").With(s => s with { Strength = 3 });
        Toys.EvaluateAndStop(broken, "answers", finished: 4);
        var resumed = broken.Evaluate();
        Assert.InRange(resumed.Resumed, 4, resumed.Examples - 1);
        Assert.Equal(whole.Scores, resumed.Scores);
        Assert.Equal(File.ReadAllBytes(whole.Submission!), File.ReadAllBytes(resumed.Submission!));
        Assert.Equal(whole.Macs, resumed.Macs);
    }

    [Fact]
    public void A_budget_is_met()
    {
        var report = Settings("vqa", "run").With(s => s with { ReduceRatio = 0.5, CalibrationExamples = 16 }).Evaluate();
        Assert.InRange(report.Calibration!.Cost / report.Calibration.Target, 0.9, 1.1);
        Assert.InRange(report.MacShare, 0.4, 0.6);
    }

    [Fact]
    public void A_part_is_scored_on_its_own_questions_and_a_split_without_answers_not_at_all()
    {
        var part = Settings("vqa", "part").Limited(6).Evaluate();
        Assert.Equal(6, part.Examples);
        Assert.InRange(part.Scores[0].Value, 0, 100);
        using var other = new TemporaryFolder();
        foreach (var (from, to) in new[] { ("v2_OpenEnded_mscoco_val2014_questions.json", "v2_OpenEnded_mscoco_test2015_questions.json"), ("answer_list.json", "answer_list.json") })
            File.Copy(toys.File($"vqa/{from}"), Path.Combine(other.Path, to));

        Directory.CreateSymbolicLink(Path.Combine(other.Path, "coco"), toys.File("coco"));
        var silent = Settings("vqa", "silent").With(s => s with { Data = other.Path, Vocabulary = toys.File("vocab.txt") }).Limited(5).Evaluate("test2015");
        Assert.Empty(silent.Scores);
        Assert.Equal(5, Answers(silent.Submission!).Count);
    }

    [Fact]
    public void Shuffled_captions_are_written_for_other_images_and_beams_are_part_of_a_run()
    {
        var (plain, shuffled) = (Settings("caption", "plain"), Settings("caption", "shuffled"));
        var own = plain.Evaluate();
        var other = (shuffled with { Scoring = shuffled.Scoring with { Shuffle = Shuffle.Images } }).Evaluate();
        Assert.NotEqual(File.ReadAllBytes(own.Submission!), File.ReadAllBytes(other.Submission!));
        Assert.Contains("\"beams\": \"3\"", File.ReadAllText(Path.Combine(plain.Folder, "run.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_among_other_candidates_are_another_runs()
    {
        Settings("vqa", "run").Limited(4).Evaluate();
        var error = Assert.Throws<InvalidDataException>(() => Settings("vqa", "run").Limited(4).With(s => s with { Candidates = 6 }).Evaluate());
        Assert.Contains("its candidates is 7, not 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_costs_once_for_each_of_its_captions()
    {
        using var scope = torch.NewDisposeScope();
        using var model = new BlipCaptioner(config);
        int[] few = ToyTokens.Texts.WrittenCaption("a red circle"), many = ToyTokens.Texts.WrittenCaption("a red circle left of a blue square");
        using var images = new CaptionedImages(new byte[2 * 3 * 64 * 64], 64, [[few], [many, many, many]]);
        var costs = RunCosts.Of(model);
        var expected = (costs.Dense(images.TextLength(0)) + (3.0 * costs.Dense(images.TextLength(1)))) / 4;
        Assert.Equal(expected, CaptionTask.Evaluate(model, images, "test", CaptionLanguage.Toy).DenseMacs, 1.0);
    }

    [Fact]
    public void A_question_that_stands_twice_is_named()
    {
        using var scope = torch.NewDisposeScope();
        using var model = new BlipVqa(config);
        var (asked, answer) = (ToyTokens.Texts.Question("what is red"), ToyTokens.Texts.Answer("yes"));
        var question = new VqaQuestion(7, "what", "other", [new VqaHumanAnswer("yes", "yes", 1)]);
        using var images = new QuestionedImages(new byte[2 * 3 * 64 * 64], 64, [[asked], [asked]], [[(answer, 1f)], [(answer, 1f)]], [question, question]);
        var answers = AnswerVocabulary.Of(["yes"], ToyTokens.Texts.Answer);
        var error = Assert.Throws<InvalidDataException>(() => VqaTask.Evaluate(model, images, "test", answers));
        Assert.Contains("question 7 stands 2 times in test", error.Message, StringComparison.Ordinal);
    }

    private string Ranked(VqaExample question)
    {
        using var scope = torch.NewDisposeScope();
        using var file = CheckpointFile.Open(Weights("vqa"));
        using var model = new BlipVqa(config);
        CheckpointLoader.Load(model.state_dict(), file).RequireComplete();
        model.eval();
        var words = AnswerList.Load(toys.File("vqa/answer_list.json"));
        var list = AnswerVocabulary.Of(words, answer => [tokenizer.DecoderId!.Value, .. tokenizer.Encode(answer), tokenizer.SeparatorId]);
        int[] ids = [tokenizer.EncoderId!.Value, .. tokenizer.Encode(BlipText.PreQuestion(question.Question)), tokenizer.SeparatorId];
        var pixels = new float[3 * 64 * 64];
        ImageNormalization.Clip.Apply(RgbImage.Load(question.ImagePath).Pixels, pixels);
        var encoding = model.Read(torch.tensor(pixels, [1, 3, 64, 64]), torch.tensor(ids.Select(id => (long)id).ToArray()).unsqueeze(0), torch.ones(1, ids.Length));
        return words[(int)model.Rank(encoding, list.Tokens, 7).Best.item<long>()];
    }

    private static Dictionary<long, string> Answers(string path)
    {
        using var submission = JsonDocument.Parse(File.ReadAllBytes(path));
        return submission.RootElement.EnumerateArray().ToDictionary(entry => entry.GetProperty("question_id").GetInt64(), entry => entry.GetProperty("answer").GetString()!);
    }

    private string Weights(string task) => Path.Combine(folder.Path, $"{task}.safetensors");

    private Run Settings(string task, string run) => toys.Scoring(task, Weights(task), Path.Combine(folder.Path, run), batch: 4).With(s => s with { Candidates = 7 });
}
