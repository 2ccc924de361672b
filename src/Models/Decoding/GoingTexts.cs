using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

/// <summary>The texts that a beam search carries along: for each image as many as it has beams, all of one length.</summary>
internal sealed class GoingTexts
{
    private readonly int beams;
    private readonly long[][] texts;

    /// <summary>Begins with every image's prompt, <c>[B, n]</c>; all copies but the first start with the score <paramref name="copies"/>.</summary>
    public GoingTexts(Tensor prompts, int beams, float copies)
    {
        this.beams = beams;
        texts = [.. prompts.cpu().contiguous().data<long>().ToArray().Chunk((int)prompts.shape[1]).SelectMany(prompt => Enumerable.Repeat(prompt, beams))];
        Scores = [.. texts.Select((_, row) => row % beams == 0 ? 0 : copies)];
        Parents = [.. texts.Select((_, row) => (long)row)];
    }

    private GoingTexts(int beams, long[][] texts, float[] scores, long[] parents)
    {
        (this.beams, this.texts) = (beams, texts);
        (Scores, Parents) = (scores, parents);
    }

    /// <summary>Log-probability of each text.</summary>
    public float[] Scores { get; }

    /// <summary>The row of the text before, that each went on from.</summary>
    public long[] Parents { get; }

    /// <summary>Tokens of each text.</summary>
    public int Length => texts[0].Length;

    /// <summary>One text of an image.</summary>
    public long[] Text(int image, int beam) => texts[(image * beams) + beam];

    /// <summary>The log-probability of one text of an image.</summary>
    public float Score(int image, int beam) => Scores[(image * beams) + beam];

    /// <summary>The texts with one more word each, <c>beams</c> candidates an image in order.</summary>
    public GoingTexts Extended(IReadOnlyList<Candidate> candidates)
    {
        long[] parents = [.. candidates.Select((candidate, row) => (row / beams * beams) + (long)candidate.Beam)];
        return new GoingTexts(beams, [.. candidates.Select((candidate, row) => (long[])[.. texts[parents[row]], candidate.Word])], [.. candidates.Select(candidate => candidate.Score)], parents);
    }

    /// <summary>All tokens, <c>[B·beams, N]</c> int64.</summary>
    public Tensor Ids(Device device) => tensor(texts.SelectMany(text => text).ToArray(), [texts.Length, Length], device: device);

    /// <summary>The newest word of each text, <c>[B·beams]</c> int64.</summary>
    public Tensor LastWords(Device device) => tensor(texts.Select(text => text[^1]).ToArray(), device: device);
}
