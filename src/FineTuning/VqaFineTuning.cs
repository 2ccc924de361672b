using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.FineTuning;

/// <summary>BLIP VQA on VQA v2: on the questions about train2014, and about val2014 and Visual Genome where asked for.</summary>
internal sealed class VqaFineTuning : PrunableFineTuningRun<BlipVqa, BlipConfig>
{
    private const int ReadToTheEnd = 128;

    private readonly VqaFile train;
    private readonly VqaFile validation;
    private readonly string? genome;
    private readonly string answerList;
    private readonly BlipConfig sizes;
    private readonly BlipTexts texts;
    private QuestionedImages? learned;
    private QuestionedImages? watched;

    public VqaFineTuning(FineTuningSettings settings) : base(settings, PrunableFamilies.Vqa)
    {
        train = VqaFile.Require(Files, "train");
        validation = VqaFile.Require(Files, "val");
        genome = settings.VisualGenome ? Files.Require("vqa", "vg_qa.json") : null;
        answerList = Files.Require("vqa", "answer_list.json");
        sizes = CheckpointSizes.Blip(Checkpoint);
        texts = BlipTexts.Open(sizes, Checkpoint, Files, settings.Vocabulary);
    }

    public override IEnumerable<string> Inputs => [.. train.Paths, .. validation.Paths, .. genome is null ? [] : new[] { genome }, answerList, texts.Path];

    protected override BlipConfig Sizes => Trained(sizes);

    protected override BudgetTask Begin(BlipVqa model)
    {
        var question = new TextEncoding(texts.Question, texts.Tokenizer.PaddingId);
        var answer = new TextEncoding(texts.Answer, texts.Tokenizer.PaddingId);
        var images = Images(model.Config.Vision.ImageSize);
        var answers = AnswerList.Load(answerList);
        return new VqaTask(
            model,
            learned ??= Owned(new QuestionedImages(Learned(), question, answer, images, Examples)),
            watched ??= Owned(new QuestionedImages(validation.Open(), question, answer, images, Settings.Recipe.WatchedExamples)),
            AnswerVocabulary.Of(answers, texts.Answer, Math.Min(ReadToTheEnd, answers.Count)),
            Budget,
            Settings.Method);
    }

    private VqaDataset Learned()
    {
        List<VqaDataset> parts = [train.Open()];
        if (Settings.TrainOnValidation)
        {
            parts.Add(validation.Open());
        }

        if (genome is not null)
        {
            parts.Add(VqaDataset.OpenBlip(genome, Files.Folder("coco"), Files.Folder("visual-genome")));
        }

        return parts.Count == 1 ? parts[0] : VqaDataset.Concatenate(parts);
    }
}
