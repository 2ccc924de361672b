using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;

namespace Madtp.Kit.FineTuning;

/// <summary>Karpathy's splits of COCO and Flickr30k for a training: in BLIP's files, or in his original one.</summary>
internal sealed class CaptionSplits
{
    private const string Training = "train";
    private const string Watching = "val";

    private readonly string train;
    private readonly string validation;

    /// <summary>Finds the files.</summary>
    /// <exception cref="FileNotFoundException">One is missing; the message says where it belongs.</exception>
    public CaptionSplits(TaskFiles files, string dataset)
    {
        train = files.Require(dataset, Names(dataset, Training));
        validation = files.Require(dataset, Names(dataset, Watching));
    }

    /// <summary>The files.</summary>
    public IEnumerable<string> Paths => [train, .. train == validation ? [] : new[] { validation }];

    /// <summary>The training split: its first captions.</summary>
    public CaptionedImages Train(TextEncoding text, TrainingImageSettings images, int? captions) => new(TrainRows(), text, images, captions);

    /// <summary>The validation split: all captions of its first images.</summary>
    public CaptionedImages Validation(TextEncoding text, TrainingImageSettings images, int count) =>
        new([.. PairEvaluation.Load(validation, Watching).ToRows().TakeWhile(row => row.ImageNumber < count)], text, images);

    // BLIP's rows stay in their file; Karpathy's training split is "train" and "restval".
    private IReadOnlyList<CaptionRow> TrainRows() => JsonList.IsArray(train)
        ? CaptionRows.Open(train, Path.GetDirectoryName(Path.GetFullPath(train))!)
        : PairEvaluation.Load(train, Training, "restval").ToRows();

    private static string[] Names(string dataset, string split) => dataset switch
    {
        "coco" => [$"coco_karpathy_{split}.json", "dataset_coco.json"],
        "flickr30k" => [$"flickr30k_{split}.json", "dataset_flickr30k.json"],
        _ => throw new ArgumentException($"no captions of '{dataset}'; there are coco, flickr30k", nameof(dataset)),
    };
}
