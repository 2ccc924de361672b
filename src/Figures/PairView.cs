using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Figures;

/// <summary>An example as figures show it: two pictures, the pieces of a statement, and whether it is true.</summary>
/// <param name="Left">The left picture, or the only one.</param>
/// <param name="Right">The right picture; null where there is one only.</param>
/// <param name="Pieces">The text's tokens in order, those that begin it first; <c>##</c> continues the one before.</param>
/// <param name="Label">Whether the statement is true; null where nobody says.</param>
public sealed record PairView(RgbImage Left, RgbImage? Right, PatchGrid Grid, IReadOnlyList<string> Pieces, bool? Label)
{
    public required string Sentence { get; init; }

    /// <summary>An example of the toy world, the one that <see cref="ToyNlvr2Pairs"/> has under the same number.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="example">Its number in the split, from 0.</param>
    /// <exception cref="ArgumentException">There is no such split, or no such example in it.</exception>
    public static PairView Toy(string split, int example) => Of(PairWorld.Toy, split, example, 0);

    /// <summary>A pair of the world with decoys and what one corpus says of it, as <see cref="DecoyPairs"/> has them.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="example">Its number in the split, from 0.</param>
    /// <exception cref="ArgumentException">There is no such split, or no such example in it.</exception>
    public static PairView Decoys(string split, int example, ThingKind corpus) =>
        Of(PairWorld.Decoys, split, example, (int)corpus);

    /// <summary>Draws what a recorded forward pass kept of the pair, layer by layer.</summary>
    /// <param name="trace">Recorded with <see cref="TraceDetail.Positions"/>.</param>
    /// <param name="pair">Which pair of the batch this is.</param>
    /// <exception cref="ArgumentException">The trace holds no positions.</exception>
    public StaticFigure Draw(string title, ReductionTrace trace, int pair = 0, int pairs = 1) => Draw(
        title, 960, (string.Empty, trace.Left("visual_encoder", pair, 1), trace.Left("visual_encoder", pairs + pair, 1),
            trace.Left("text_encoder", pair, 0)));

    /// <summary>Draws what several methods leave of the pair: the images of each, then the words of each.</summary>
    /// <exception cref="ArgumentException">No method is given.</exception>
    public StaticFigure Compare(params (string Name, PairTokens Tokens)[] runs) => Draw(
        $"\"{Sentence}\" ({(Label == true ? "true" : "false")})", 820,
        [.. runs.Select(run => ($"{run.Name} ", run.Tokens.Left, run.Tokens.Right, run.Tokens.Text))]);

    /// <summary>Draws what runs leave of the pictures there are and of the words.</summary>
    /// <param name="runs">What each is called, a blank at the end where there is a name, and what it leaves.</param>
    internal StaticFigure Draw(
        string title, double width, params (string Name, TokensLeft Left, TokensLeft Right, TokensLeft Text)[] runs)
    {
        KeptPatches Row(string label, RgbImage picture, TokensLeft tokens) =>
            new(label, picture, Grid, tokens.Positions) { Merges = tokens.Merges };
        return KeepMap.Draw(
            title,
            [
                .. runs.SelectMany(run => Right is null ? [Row(run.Name.TrimEnd(), Left, run.Left)] : new[]
                {
                    Row($"{run.Name}left", Left, run.Left), Row($"{run.Name}right", Right, run.Right),
                }),
            ],
            [.. runs.Select(run => new KeptWords($"{run.Name}text", Pieces, run.Text.Positions))],
            width: width);
    }

    private static PairView Of(PairWorld world, string split, int example, int corpus)
    {
        var pairs = (world == PairWorld.Toy ? new ToyWorldSettings() : ToyWorldSettings.Decoys).Splits
            .FirstOrDefault(one => one.Split == split).Pairs;
        Guard.Argument(pairs == 0 || (example >= 0 && example < pairs),
            $"there is no example {example} in {split}: the split has the numbers 0 to {pairs - 1}", nameof(example));
        var pair = world.Pair(split, example);
        var (sentence, label) = (pair.Statements[corpus].Sentence, pair.Statements[corpus].Label);
        RgbImage Picture(DrawnScene scene) => new(scene.Side, scene.Side, ToyRenderer.Render(scene));
        return new(Picture(pair.Left), Picture(pair.Right), PatchGrid.Square(pair.Left.Side, DrawnScene.PatchSize),
            world.Tokenizer.Tokens(NlvrPairs.Tokens(world.Tokenizer, sentence)), label) { Sentence = sentence };
    }
}
