using Madtp.Kit.Data.Toy;
using Madtp.Kit.Figures;
using Madtp.Kit.Pruning;

namespace Madtp.Kit.Experiments;

/// <summary>An NLVR2 example as figures show it: two pictures, the pieces of a statement, and whether it is true.</summary>
/// <param name="Left">The left picture.</param>
/// <param name="Right">The right picture.</param>
/// <param name="Grid">How the pictures are cut into patches.</param>
/// <param name="Pieces">The statement's tokens in order, [ENC] first.</param>
/// <param name="Label">Whether the statement is true.</param>
public sealed record PairView(RgbPicture Left, RgbPicture Right, PatchGrid Grid, IReadOnlyList<string> Pieces, bool Label)
{
    /// <summary>The statement.</summary>
    public required string Sentence { get; init; }

    /// <summary>
    /// An example of the toy world, the one that <see cref="ToyNlvr2Pairs"/> has under the same number.
    /// </summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="example">Its number in the split, from 0.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static PairView Toy(string split, int example)
    {
        var world = new ToyWorldSettings();
        var (_, number, pairs) = world.Splits().FirstOrDefault(s => s.Split == split);
        if (pairs == 0)
        {
            throw new ArgumentException($"the toy world has no split '{split}'", nameof(split));
        }

        var pair = ToyPair.DrawSet(world.Seed, number, example / ToyPair.PerSet)[example % ToyPair.PerSet];
        var tokenizer = ToyNlvr2Pairs.Tokenizer();
        var tokens = ToyNlvr2Pairs.Tokens(tokenizer, pair.Sentence);
        return new PairView(Picture(pair.Left), Picture(pair.Right), PatchGrid.Square(ToyScene.Size, ToyScene.PatchSize), [.. tokens.Select(tokenizer.TokenOf)], pair.Label)
        {
            Sentence = pair.Sentence,
        };
    }

    /// <summary>
    /// Draws what a recorded forward pass kept of the pair, layer by layer.
    /// </summary>
    /// <param name="title">What the figure is called.</param>
    /// <param name="trace">Recorded with <see cref="TraceDetail.Positions"/>.</param>
    /// <param name="pair">Which pair of the batch this is.</param>
    /// <param name="pairs">Pairs in the batch.</param>
    /// <exception cref="ArgumentException">The trace holds no positions.</exception>
    public StaticFigure Draw(string title, ReductionTrace trace, int pair = 0, int pairs = 1)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var vision = trace.Of("visual_encoder");
        var text = trace.Of("text_encoder");
        return KeepMap.Draw(
            title,
            [new("left", Left, Grid, Kept(vision, pair, 1)), new("right", Right, Grid, Kept(vision, pairs + pair, 1))],
            [new("text", Pieces, Kept(text, pair, 0))]);
    }

    private static IReadOnlyList<int>[] Kept(IReadOnlyList<ReductionStep> steps, int sample, int offset) => [.. steps.Select(step =>
        (IReadOnlyList<int>)[.. (step.Positions ?? throw new ArgumentException("the trace was recorded without positions: use reduction.Record(TraceDetail.Positions)"))[sample]
            .Where(position => position >= offset).Select(position => (int)position - offset)])];

    private static RgbPicture Picture(ToyScene scene) => new(ToyRenderer.Render(scene), ToyScene.Size, ToyScene.Size);
}
