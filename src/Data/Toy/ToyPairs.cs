using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's NLVR2 splits drawn into memory: the same pairs and pixels as in its files.</summary>
public static class ToyNlvr2Pairs
{
    /// <inheritdoc cref="PairWorld.DrawSplit"/>
    public static NlvrPairs Draw(string split, ToyWorldSettings? settings = null, int? limit = null) =>
        PairWorld.Toy.Draw(split, 0, settings, limit);
}

/// <summary>Words of the toy world's claims and questions; what names all shapes is "shape".</summary>
internal static class ToyWords
{
    /// <summary>A form or colour, or both.</summary>
    public static ThingWords Of(int? form, int? color) => new(ThingKind.Object, form, color, Noun: "shape");

    /// <summary>Mostly colour and shape; sometimes the colour alone.</summary>
    public static ThingWords Draw(SeededRandom random)
    {
        var color = random.Next(5);
        return Of(random.Next(10) < 9 ? random.Next(3) : null, color);
    }

    /// <summary>Only a colour, or only a shape.</summary>
    public static ThingWords DrawHalf(SeededRandom random) =>
        random.Chance(0.5) ? Of(null, random.Next(5)) : Of(random.Next(3), null);

    /// <summary>The same form of words with another colour, another shape, or (mostly) both; each way round equally likely. Where
    /// both differ the answer is easy to see, which is what a model begins to learn from; where one differs it must look
    /// closely.</summary>
    public static ThingWords Change(ThingWords words, SeededRandom random)
    {
        var choice = random.Next(5);
        int? color = words.Color is { } c && (choice != 0 || words.Form is null) ? (c + 1 + random.Next(4)) % 5 : words.Color;
        int? form = words.Form is { } f && (choice != 1 || words.Color is null) ? (f + 1 + random.Next(2)) % 3 : words.Form;
        return words with { Color = color, Form = form };
    }
}

/// <summary>"The left image contains a red circle", and the same of the right, both, or at least one.</summary>
internal sealed class ToyPairs : PairWorld
{
    private const double Favour = 0.6; // how often a shape is drawn from what the claim or its sibling mentions

    public override BertWordPiece Tokenizer => ToyTokens.Tokenizer;

    private protected override ToyWorldSettings Usual { get; } = new();

    private protected override ulong FirstSplit => 0;

    private protected override IReadOnlyList<ThingKind> Corpora { get; } = [ThingKind.Object];

    /// <summary>32% of the left, 32% of the right, 18% of both, 18% of either.</summary>
    internal override Claim DrawClaim(ThingKind kind, SeededRandom random)
    {
        var share = random.Next(100);
        var form = share < 64 ? ClaimForm.Contain : share < 82 ? ClaimForm.Both : ClaimForm.Either;
        return new Claim(form, share is >= 32 and < 64, ToyWords.Draw(random));
    }

    internal override Claim Sibling(Claim claim, SeededRandom random) =>
        claim.Form == ClaimForm.Contain && random.Chance(0.15) ? claim with { OfRight = !claim.OfRight }
        : claim with { What = ToyWords.Change(claim.What, random) };

    internal override string KindOf(Claim claim) =>
        claim.Form == ClaimForm.Contain ? claim.OfRight ? "right" : "left" : claim.Form.ToString().ToLowerInvariant();

    private protected override (DrawnScene Left, DrawnScene Right)? TryDrawScenes(
        (Claim Holds, Claim Fails)[] wanted, SeededRandom random)
    {
        var (holds, fails) = wanted[0];
        ReadOnlySpan<ThingWords> mentioned = [holds.What, fails.What];
        var (left, right) = (ToyScene.Draw(random, mentioned, Favour), ToyScene.Draw(random, mentioned, Favour));
        return holds.Holds(left, right) && !fails.Holds(left, right) ? (left, right) : null;
    }
}
