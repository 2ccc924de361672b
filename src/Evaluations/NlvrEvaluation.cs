using System.Text;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>BLIP-NLVR2 on NLVR2's files: is the statement true of both images?</summary>
internal sealed class NlvrEvaluation : EvaluationTask<Nlvr2Example, NlvrAnswer>
{
    private readonly BlipNlvr model;
    private readonly BertWordPiece tokenizer;
    private readonly NlvrRunCosts costs;
    private readonly string annotations;
    private readonly string vocabulary;

    public NlvrEvaluation(EvaluationSettings settings) : base(settings)
    {
        var sizes = CheckpointSizes.Blip(Checkpoint);
        annotations = Files.Require("nlvr2", Nlvr2Names.Of(Split));
        vocabulary = Files.Vocabulary(settings.Vocabulary, Nlvr2Names.Vocabularies);
        tokenizer = BertWordPiece.Load(vocabulary);
        BlipVocabulary.Require(tokenizer, vocabulary, sizes, Checkpoint);
        model = CompressedWeights.Load(PrunableFamilies.Nlvr, Checkpoint, sizes with { Vision = sizes.Vision with { ImageSize = settings.ImageSize ?? sizes.Vision.ImageSize } });
        costs = new NlvrRunCosts(model.Config);
        Examples = First(Nlvr2Dataset.Load(annotations));
    }

    protected override string Name => "nlvr2";

    protected override string CostOf => "a statement about two images";

    protected override string Split => Settings.Split ?? "test1";

    protected override nn.Module Model => model;

    protected override IReducibleModel Reducible => model;

    protected override int ImageSize => model.Config.Vision.ImageSize;

    protected override IEnumerable<string> Inputs => [annotations, vocabulary];

    protected override IReadOnlyList<Nlvr2Example> Examples { get; }

    protected override string SubmissionName => "predictions.csv";

    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
    }

    protected override IReadOnlyList<string> ImagePaths(Nlvr2Example example) => [example.LeftImagePath, example.RightImagePath];

    protected override IReadOnlyList<Nlvr2Example>? CalibrationExamples() => Files.Find("nlvr2", Nlvr2Names.Of("train")) is { } path ? Nlvr2Dataset.Load(path) : null;

    protected override IReadOnlyList<NlvrAnswer> Answer(ImageBatch<Nlvr2Example> batch, TokenReduction? reduction)
    {
        using var trace = reduction?.Record();
        var texts = TextTensors.Of([.. batch.Examples.Select(example => NlvrPairs.Tokens(tokenizer, example.Sentence, model.Config.Text.MaxPositions))], tokenizer.PaddingId, Settings.Device);
        var logits = model.Forward(batch.ToTensor(Settings.Device), texts.Ids, texts.Mask).Logits; // [B, 2]
        var isTrue = logits.argmax(1).cpu().data<long>().ToArray();
        long[] dense = [.. texts.Lengths.Select(costs.Dense)];
        var macs = trace is null ? [.. texts.Lengths.Select(costs.Whole)] : costs.PerPair(trace, texts.Lengths);
        return [.. batch.Examples.Select((example, i) => new NlvrAnswer(example.Identifier, isTrue[i] == 1, macs[i], dense[i]))];
    }

    protected override void WriteSubmission(string path, IReadOnlyList<NlvrAnswer> answers) => AtomicFile.Write(path, stream =>
    {
        using var lines = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach (var answer in answers)
        {
            lines.WriteLine($"{answer.Identifier},{answer.IsTrue}");
        }
    });

    protected override IReadOnlyList<KeyValuePair<string, double>> Score(IReadOnlyList<NlvrAnswer> answers, string submission)
    {
        var scores = Nlvr2Metrics.Compute(
            Examples.Select(example => (example.Identifier, example.Label.ToString())),
            answers.ToDictionary(answer => answer.Identifier, answer => answer.IsTrue.ToString()));
        return [new("accuracy", scores.Accuracy), new("consistency", scores.Consistency)];
    }
}
