using System.Collections;

namespace Madtp.Kit.Data.Vqa;

/// <summary>
/// Questions about images. Opens VQA v2's official pair of files, BLIP's own form, and Visual Genome's; each question is read
/// from the file when it is asked for, so that the 444,000 training questions open in seconds and little memory.
/// </summary>
public sealed class VqaDataset : IReadOnlyList<VqaExample>, IDisposable
{
    private readonly IVqaSource source;

    private VqaDataset(IVqaSource source) => this.source = source;

    /// <summary>How many questions there are.</summary>
    public int Count => source.Count;

    /// <summary>A question, read from the file.</summary>
    /// <param name="index">From 0, in the file's order.</param>
    /// <exception cref="InvalidDataException">The entry is malformed; the message names file and line.</exception>
    public VqaExample this[int index] => source[index];

    /// <summary>Opens VQA v2's official files.</summary>
    /// <param name="questions">v2_OpenEnded_mscoco_…_questions.json.</param>
    /// <param name="annotations">v2_mscoco_…_annotations.json; null where there are no answers (test).</param>
    /// <param name="imageFolder">The folder that holds train2014, val2014 and test2015.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or a question has no annotation.</exception>
    public static VqaDataset OpenOfficial(string questions, string? annotations, string imageFolder)
    {
        ArgumentNullException.ThrowIfNull(imageFolder);
        RequireFile(questions);
        if (annotations is not null)
        {
            RequireFile(annotations);
        }

        return new VqaDataset(new OfficialVqaSource(questions, annotations, imageFolder));
    }

    /// <summary>Opens one of BLIP's files: vqa_train.json, vqa_val.json, vqa_test.json, vg_qa.json.</summary>
    /// <param name="path">An array with "question_id", "question", "image", "dataset", and "answer" where it is known.</param>
    /// <param name="cocoFolder">What the image names of "vqa" entries are relative to.</param>
    /// <param name="visualGenomeFolder">What the image names of "vg" entries are relative to; null where the file has none.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static VqaDataset OpenBlip(string path, string cocoFolder, string? visualGenomeFolder = null)
    {
        ArgumentNullException.ThrowIfNull(cocoFolder);
        RequireFile(path);
        return new VqaDataset(new BlipVqaSource(path, cocoFolder, visualGenomeFolder));
    }

    /// <summary>Opens Visual Genome's question_answers.json.</summary>
    /// <param name="path">An array of images, each with its "qas".</param>
    /// <param name="imageFolder">The folder that holds the images, by number: "VG_100K" and "VG_100K_2" below it are looked into.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static VqaDataset OpenVisualGenome(string path, string imageFolder)
    {
        ArgumentNullException.ThrowIfNull(imageFolder);
        RequireFile(path);
        return new VqaDataset(new VisualGenomeSource(path, imageFolder));
    }

    /// <summary>Several data sets one after the other (BLIP trains on VQA's train and val and on Visual Genome).</summary>
    /// <param name="parts">The data sets; they are disposed with the result.</param>
    public static VqaDataset Concatenate(params IReadOnlyList<VqaDataset> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return new VqaDataset(new ConcatenatedVqaSource([.. parts.Select(p => p.source)]));
    }

    /// <inheritdoc/>
    public IEnumerator<VqaExample> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the files.</summary>
    public void Dispose() => source.Dispose();

    private static void RequireFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no questions or answers at '{path}'", path);
        }
    }
}
