namespace Madtp.Kit.Data.Toy;

/// <summary>The two kinds of things. The toy world has objects alone; in the world with decoys both share every picture, and each
/// is the other's decoy.</summary>
public enum ThingKind
{
    /// <summary>A small coloured shape: what corpus A speaks of.</summary>
    Object,
    /// <summary>A coloured plate with a dark sign: what corpus B speaks of.</summary>
    Glyph,
}

/// <summary>One thing of a scene: its form, 0 to 4 (in the toy world to 2), its colour, 0 to 5 (4), and its size (the toy world's
/// things go through all sizes).</summary>
/// <param name="Cell">Where, in the world with decoys: one of 16 cells, row by row from the top left.</param>
public readonly record struct Thing(ThingKind Kind, int Form, int Color, bool IsLarge = false, int Cell = 0)
{
    /// <summary>Kinds of patch with decoys: the ground, and 5 forms × 6 colours × 2 sizes of either kind.</summary>
    public const int Classes = 1 + (2 * 5 * 6 * 2);

    /// <summary>The patch class, 1 to 120; objects come before glyphs. 0 is the ground.</summary>
    public int Class => 1 + (((((((int)Kind * 5) + Form) * 6) + Color) * 2) + (IsLarge ? 1 : 0));

    /// <summary>What kind of thing a patch class is; null for the ground.</summary>
    public static ThingKind? KindOf(int patchClass) => patchClass == 0 ? null : (ThingKind)((patchClass - 1) / 60);
}

/// <summary>Words that pick out things of one kind: "red circle", "large glyph", "small red object".</summary>
/// <param name="Noun">What a thing of unsaid form is called; its kind's noun if null.</param>
public readonly record struct ThingWords(ThingKind Kind, int? Form, int? Color, bool? IsLarge = null, string? Noun = null)
{
    /// <summary>The forms of objects, then those of glyphs.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Forms { get; } =
        [["circle", "square", "triangle", "diamond", "cross"], ["ring", "fence", "ladder", "chevron", "saltire"]];

    public static IReadOnlyList<string> Colors { get; } = ["red", "green", "blue", "yellow", "purple", "cyan"];

    /// <summary>What a thing of unsaid form is called: "object", "glyph".</summary>
    public static IReadOnlyList<string> Nouns { get; } = ["object", "glyph"];

    /// <summary>The form and colour of a thing.</summary>
    public static ThingWords Of(Thing thing) => new(thing.Kind, thing.Form, thing.Color);

    /// <summary>Whether the thing is what the words say.</summary>
    public bool Fits(Thing thing) => thing.Kind == Kind && (Form is null || Form == thing.Form)
        && (Color is null || Color == thing.Color) && (IsLarge is null || IsLarge == thing.IsLarge);

    /// <summary>How many of some things are what the words say.</summary>
    public int Count(IReadOnlyList<Thing> things)
    {
        var count = 0;
        for (var i = 0; i < things.Count; i++)
            count += Fits(things[i]) ? 1 : 0;

        return count;
    }

    /// <summary>The words without an article.</summary>
    public override string ToString() => string.Join(' ', new[]
    {
        IsLarge is { } large ? large ? "large" : "small" : null,
        Color is { } color ? Colors[color] : null,
        Form is { } form ? Forms[(int)Kind][form] : Noun ?? Nouns[(int)Kind],
    }.Where(word => word is not null));

    /// <summary>The same of several.</summary>
    public string Plural() => Plural(ToString());

    /// <summary>The plural of a noun, or of words that end in one.</summary>
    internal static string Plural(string noun) => noun.EndsWith('s') ? noun + "es" : noun + "s";
}
