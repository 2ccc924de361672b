using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;

namespace Madtp.Kit.FineTuning;

/// <summary>Questions with answers: VQA v2's official pair of files, or BLIP's one.</summary>
/// <param name="Questions">The questions, in BLIP's form with their answers.</param>
/// <param name="Annotations">The answers; null in BLIP's form.</param>
/// <param name="Images">COCO's folder.</param>
/// <param name="GenomeImages">Visual Genome's folder.</param>
internal sealed record VqaFile(string Questions, string? Annotations, string Images, string GenomeImages)
{
    /// <summary>The files.</summary>
    public IEnumerable<string> Paths => Annotations is null ? [Questions] : [Questions, Annotations];

    /// <summary>Finds a split, <c>train</c> or <c>val</c>.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    public static VqaFile Require(TaskFiles files, string split)
    {
        var (official, annotations) = ($"v2_OpenEnded_mscoco_{split}2014_questions.json", $"v2_mscoco_{split}2014_annotations.json");
        var (coco, genome) = (files.Folder("coco"), files.Folder("visual-genome"));
        return files.Find("vqa", official) is { } questions
            ? new VqaFile(questions, files.Require("vqa", annotations), coco, genome)
            : new VqaFile(files.Require("vqa", $"vqa_{split}.json", official), null, coco, genome);
    }

    /// <summary>Opens the questions.</summary>
    public VqaDataset Open() => Annotations is null
        ? VqaDataset.OpenBlip(Questions, Images, GenomeImages)
        : VqaDataset.OpenOfficial(Questions, Annotations, Images);
}
