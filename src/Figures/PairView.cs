using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Figures;

/// <summary>An NLVR2 example as figures show it: two pictures, the pieces of a statement, and whether it is true.</summary>
/// <param name="Pieces">The statement's tokens in order, [ENC] first.</param>
public sealed record PairView(RgbImage Left, RgbImage Right, PatchGrid Grid, IReadOnlyList<string> Pieces, bool Label)
{
    public required string Sentence { get; init; }

    /// <summary>An example of the toy world, the one that <see cref="ToyNlvr2Pairs"/> has under the same number.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="example">Its number in the split, from 0.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static PairView Toy(string split, int example)
    {
        var pair = ToyPair.Of(split, example);
        var tokenizer = ToyTokens.Tokenizer;
        var tokens = NlvrPairs.Tokens(tokenizer, pair.Sentence);
        var grid = PatchGrid.Square(ToyScene.Size, ToyScene.PatchSize);
        string[] pieces = [.. tokens.Select(tokenizer.TokenOf)];
        return new PairView(Picture(pair.Left), Picture(pair.Right), grid, pieces, pair.Label) { Sentence = pair.Sentence };
    }

    /// <summary>A pair of the world with decoys and what one corpus says of it, as <see cref="DecoyPairs"/> has them.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="example">Its number in the split, from 0.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static PairView Decoys(string split, int example, ThingKind corpus)
    {
        var pair = DecoyPairs.DrawSplit(split, ToyWorldSettings.Decoys, example + 1)[example];
        var (sentence, label) = (pair.Statements[(int)corpus].Sentence, pair.Statements[(int)corpus].Label);
        string[] pieces = [.. NlvrPairs.Tokens(DecoyTokens.Tokenizer, sentence).Select(DecoyTokens.Tokenizer.TokenOf)];
        RgbImage Picture(DecoyScene scene) => new(DecoyScene.Size, DecoyScene.Size, ToyRenderer.Render(scene));
        return new PairView(
            Picture(pair.Left), Picture(pair.Right), PatchGrid.Square(DecoyScene.Size, DecoyScene.PatchSize), pieces, label)
        {
            Sentence = sentence,
        };
    }

    /// <summary>Draws what a recorded forward pass kept of the pair, layer by layer.</summary>
    /// <param name="trace">Recorded with <see cref="TraceDetail.Positions"/>.</param>
    /// <param name="pair">Which pair of the batch this is.</param>
    /// <exception cref="ArgumentException">The trace holds no positions.</exception>
    public StaticFigure Draw(string title, ReductionTrace trace, int pair = 0, int pairs = 1) => KeepMap.Draw(
        title,
        [
            Row("left", Left, trace.Left("visual_encoder", pair, 1)),
            Row("right", Right, trace.Left("visual_encoder", pairs + pair, 1)),
        ],
        [new("text", Pieces, trace.Left("text_encoder", pair, 0).Positions)]);

    /// <summary>Draws what several methods leave of the pair: the images of each, then the words of each.</summary>
    /// <param name="runs">Each method's name and what it leaves.</param>
    /// <exception cref="ArgumentException">No method is given.</exception>
    public StaticFigure Compare(params (string Name, PairTokens Tokens)[] runs) => KeepMap.Draw(
        $"\"{Sentence}\" ({(Label ? "true" : "false")})",
        [
            .. runs.SelectMany(run => new[]
            {
                Row($"{run.Name} left", Left, run.Tokens.Left), Row($"{run.Name} right", Right, run.Tokens.Right),
            }),
        ],
        [.. runs.Select(run => new KeptWords($"{run.Name} text", Pieces, run.Tokens.Text.Positions))],
        width: 820);

    private KeptPatches Row(string label, RgbImage picture, TokensLeft tokens) =>
        new(label, picture, Grid, tokens.Positions) { Merges = tokens.Merges };

    private static RgbImage Picture(ToyScene scene) => new(ToyScene.Size, ToyScene.Size, ToyRenderer.Render(scene));
}
