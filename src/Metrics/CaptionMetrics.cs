using Madtp.Kit.Data;

namespace Madtp.Kit.Metrics;

/// <summary>The scores of COCO's caption evaluation.</summary>
public static class CaptionMetrics
{
    /// <summary>Scores generated captions.</summary>
    /// <param name="captions">The captions; they are tokenized here.</param>
    /// <param name="meteorJar">METEOR's official program, where METEOR is wanted.</param>
    /// <param name="spiceJar">SPICE's official program, where SPICE is wanted.</param>
    /// <exception cref="FileNotFoundException">A program is not there.</exception>
    /// <exception cref="InvalidDataException">A program failed.</exception>
    public static CaptionScores Compute(CaptionSet captions, string? meteorJar = null, string? spiceJar = null)
    {
        var tokenized = captions.Tokenize();
        (double Corpus, double[] PerImage)? meteor = meteorJar is null ? null : CaptionPrograms.Meteor(meteorJar, tokenized);
        (double Corpus, double[] PerImage)? spice = spiceJar is null ? null : CaptionPrograms.Spice(spiceJar, tokenized);
        var (bleu, rouge, cider) = (Bleu.Compute(tokenized), RougeL.Compute(tokenized), CiderD.Compute(tokenized));
        var images = tokenized.Select((caption, i) => (caption.ImageId, new CaptionScores(
            bleu.PerImage[i], rouge[i], cider[i], meteor?.PerImage[i], spice?.PerImage[i])));
        return new(bleu.Corpus, rouge.Average(), cider.Average(), meteor?.Corpus, spice?.Corpus) { Images = [.. images] };
    }
}

/// <summary>The scores of a set of captions, or of one.</summary>
/// <param name="Bleu">BLEU-1 to BLEU-4.</param>
/// <param name="Cider">CIDEr-D.</param>
/// <param name="Meteor">METEOR; null where its program was not given.</param>
/// <param name="Spice">SPICE; null where its program was not given.</param>
public sealed record CaptionScores(IReadOnlyList<double> Bleu, double RougeL, double Cider, double? Meteor, double? Spice)
{
    /// <summary>Those of each image's caption.</summary>
    public IReadOnlyList<(long ImageId, CaptionScores Scores)> Images { get; init; } = [];
}

/// <summary>Generated captions beside those people wrote, as COCO's evaluation pairs them, in the annotations' order.</summary>
/// <param name="Images">Each image with its generated caption and its references, not tokenized.</param>
public sealed record CaptionSet(IReadOnlyList<TokenizedCaption> Images)
{
    /// <summary>Reads the field's own formats.</summary>
    /// <param name="resultsPath">The submission: <c>[{"image_id": …, "caption": …}]</c>.</param>
    /// <param name="annotationsPath">COCO's captions: <c>{"images": [{"id": …}], "annotations": [{"image_id": …, "caption":
    /// …}]}</c>.</param>
    /// <param name="subset">Whether to leave images without a generated caption out, instead of refusing.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file has another form, or the two do not speak of the same images.</exception>
    public static CaptionSet Read(string resultsPath, string annotationsPath, bool subset = false)
    {
        using var annotations = new JsonList(annotationsPath, "annotations");
        var references = CaptionImages.Truth(annotations);
        var hypotheses = ReadResults(resultsPath, references, annotationsPath);
        long[] images = [.. references.Keys];
        if (annotations.Properties.ContainsKey("images"))
        {
            using var listed = new JsonList(annotationsPath, "images");
            images = [.. listed.ReadAll<ImageRow>().Select(row => row.Id).Distinct()]; // an old file lists some twice
        }

        var missing = images.Where(image => !hypotheses.ContainsKey(image)).ToArray();
        Guard.Data(missing.Length == 0 || subset,
            $"{resultsPath}: {missing.Length} of the {images.Length} images of {annotationsPath} have no caption, such as "
            + $"{missing[0]}; leave them out with --subset");
        var kept = images.Where(hypotheses.ContainsKey).Select(image => references.TryGetValue(image, out var captions)
            ? new TokenizedCaption(image, hypotheses[image], captions)
            : throw new InvalidDataException($"{annotationsPath}: image {image} has no caption to compare with")).ToArray();
        return kept.Length > 0 ? new CaptionSet(kept) : throw new InvalidDataException(
            $"{resultsPath}: no caption is for an image of {annotationsPath}");
    }

    /// <summary>The captions as the metrics compare them, references and generated ones tokenized apart, as originally.</summary>
    public IReadOnlyList<TokenizedCaption> Tokenize()
    {
        var references = new Queue<string>(PtbTokenizer.Tokenize([.. Images.SelectMany(image => image.References)]));
        var hypotheses = PtbTokenizer.Tokenize([.. Images.Select(image => image.Hypothesis)]);
        return [.. Images.Select((image, i) => new TokenizedCaption(
            image.ImageId, hypotheses[i], [.. image.References.Select(_ => references.Dequeue())]))];
    }

    private static Dictionary<long, string> ReadResults(
        string path, IReadOnlyDictionary<long, IReadOnlyList<string>> references, string annotationsPath)
    {
        using var results = new JsonList(path);
        var seen = new HashSet<long>();
        return results.Select((ResultRow row, int _) =>
        {
            Guard.Data(references.ContainsKey(row.ImageId), $"image {row.ImageId} is not in {annotationsPath}");
            Guard.Data(seen.Add(row.ImageId), $"image {row.ImageId} has two captions; the evaluation wants one");
            return row;
        }).ToDictionary(row => row.ImageId, row => row.Caption);
    }

    private sealed record ImageRow(long Id);

    private sealed record ResultRow(long ImageId, string Caption);
}

/// <summary>One image's generated caption and the captions people wrote, tokenized: words with spaces between.</summary>
/// <param name="References">The captions people wrote; at least one.</param>
public sealed record TokenizedCaption(long ImageId, string Hypothesis, IReadOnlyList<string> References);
