using System.Text.Json;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>BLIP VQA on VQA v2: each question is answered by ranking a list of answers.</summary>
internal sealed class VqaEvaluation : EvaluationTask<VqaExample, QuestionAnswer>
{
    private const int ReadToTheEnd = 128;

    private readonly BlipVqa model;
    private readonly BlipTexts texts;
    private readonly VqaCosts costs;
    private readonly AnswerVocabulary answers;
    private readonly VqaDataset questions;
    private readonly string questionPath;
    private readonly string? annotations;
    private readonly string answerList;
    private readonly AnswerCandidates candidates;

    public VqaEvaluation(EvaluationSettings settings) : base(settings)
    {
        questionPath = Files.Require("vqa", Names(Split));
        annotations = Files.Find("vqa", $"v2_mscoco_{Split}_annotations.json");
        answerList = Files.Require("vqa", "answer_list.json");
        var sizes = CheckpointSizes.Blip(Checkpoint);
        texts = BlipTexts.Open(sizes, Checkpoint, Files, settings.Vocabulary);
        model = CompressedWeights.Load(PrunableFamilies.Vqa, Checkpoint, sizes with { Vision = sizes.Vision with { ImageSize = settings.ImageSize ?? sizes.Vision.ImageSize } });
        costs = new VqaCosts(model.Config);
        answers = AnswerVocabulary.Of(AnswerList.Load(answerList), texts.Answer, ReadToTheEnd);
        candidates = answers.Tokens.To(settings.Device);
        questions = Open(questionPath);
        Examples = First(questions);
    }

    protected override string Name => "vqa";

    protected override string CostOf => "a question about an image";

    protected override string Split => Settings.Split ?? "val2014";

    protected override nn.Module Model => model;

    protected override IReducibleModel Reducible => model;

    protected override int ImageSize => model.Config.Vision.ImageSize;

    protected override IEnumerable<string> Inputs => [questionPath, answerList, texts.Path, .. annotations is null ? [] : new[] { annotations }];

    protected override IReadOnlyList<VqaExample> Examples { get; }

    protected override string SubmissionName => "vqa_result.json";

    // Never more than there are, nor so many that a question's batch outgrows the memory.
    private int Considered => Math.Min(Settings.Candidates ?? answers.Considered, answers.Words.Count);

    public override void Dispose()
    {
        base.Dispose();
        questions.Dispose();
        model.Dispose();
    }

    protected override void Identify(RunIdentity identity) => identity.Add("candidates", Considered);

    protected override IReadOnlyList<string> ImagePaths(VqaExample example) => [example.ImagePath];

    protected override IReadOnlyList<VqaExample>? CalibrationExamples() => Files.Find("vqa", Names("train2014")) is { } path ? Open(path) : null;

    protected override IReadOnlyList<QuestionAnswer> Answer(ImageBatch<VqaExample> batch, TokenReduction? reduction)
    {
        using var trace = reduction?.Record();
        var asked = TextTensors.Of([.. batch.Examples.Select(example => texts.Question(example.Question))], texts.Tokenizer.PaddingId, Settings.Device);
        var encoding = model.Read(batch.ToTensor(Settings.Device), asked.Ids, asked.Mask);
        var best = model.Rank(encoding, candidates, Considered).Best.cpu().data<long>().ToArray();
        long[] dense = [.. asked.Lengths.Select(costs.Dense)];
        var macs = trace is null ? [.. asked.Lengths.Select(costs.Whole)] : costs.PerPair(trace, asked.Lengths);
        return [.. batch.Examples.Select((example, i) => new QuestionAnswer(example.QuestionId, answers.Words[(int)best[i]], macs[i], dense[i]))];
    }

    protected override void WriteSubmission(string path, IReadOnlyList<QuestionAnswer> given) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, given.Select(answer => answer.ToSubmitted())));

    protected override IReadOnlyList<KeyValuePair<string, double>> Score(IReadOnlyList<QuestionAnswer> given, string submission)
    {
        if (annotations is null)
        {
            return []; // test: the answers are not public, a server scores the submission
        }

        var asked = given.ToDictionary(answer => answer.QuestionId, answer => answer.Answer);
        var scores = VqaAccuracy.Compute([.. VqaAccuracy.ReadQuestions(annotations).Where(question => asked.ContainsKey(question.QuestionId))], asked);
        return [new("accuracy", scores.Overall), .. scores.PerAnswerType.OrderBy(type => type.Key, StringComparer.Ordinal).Select(type => KeyValuePair.Create($"  {type.Key}", type.Value))];
    }

    // The official form, or BLIP's; images are COCO's.
    private VqaDataset Open(string path)
    {
        var official = Path.GetFileName(path).StartsWith("v2_", StringComparison.Ordinal);
        return official ? VqaDataset.OpenOfficial(path, null, Files.Folder("coco")) : VqaDataset.OpenBlip(path, Files.Folder("coco"), Files.Folder("visual-genome"));
    }

    private static string[] Names(string split) => [$"v2_OpenEnded_mscoco_{split}_questions.json", $"vqa_{split}.json"];
}
