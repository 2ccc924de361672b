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
        return Compute(tokenized, meteorJar is null ? null : MeteorProgram.Compute(meteorJar, tokenized), spiceJar is null ? null : SpiceProgram.Compute(spiceJar, tokenized));
    }

    /// <summary>Scores captions that are tokenized already, without METEOR and SPICE.</summary>
    /// <param name="tokenized">Words with a space between, punctuation removed.</param>
    public static CaptionScores Compute(IReadOnlyList<TokenizedCaption> tokenized) => Compute(tokenized, null, null);

    private static CaptionScores Compute(IReadOnlyList<TokenizedCaption> tokenized, ProgramScores? meteor, ProgramScores? spice)
    {
        var bleu = Bleu.Compute(tokenized);
        var rouge = RougeL.Compute(tokenized);
        var cider = CiderD.Compute(tokenized);
        var images = tokenized.Select((caption, i) => new CaptionImageScores(caption.ImageId, bleu.PerImage[i], rouge[i], cider[i], meteor?.PerImage[i], spice?.PerImage[i]));
        return new CaptionScores(bleu.Corpus, rouge.Average(), cider.Average(), meteor?.Corpus, spice?.Corpus, bleu.Counts, [.. images]);
    }
}
