using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>The two kinds of things that share every picture. Each is the other's decoy.</summary>
public enum ThingKind
{
    /// <summary>A small coloured shape: what corpus A speaks of.</summary>
    Object,
    /// <summary>A coloured plate with a dark sign: what corpus B speaks of.</summary>
    Glyph,
}

/// <summary>How a thing looks: five forms of either kind, six colours, two sizes, each as likely as the others.</summary>
/// <param name="Form">0 to 4.</param>
/// <param name="Color">0 to 5.</param>
public readonly record struct Look(int Form, int Color, bool IsLarge);

/// <summary>One thing of a scene.</summary>
/// <param name="Cell">Where: one of 16 cells, row by row from the top left.</param>
public readonly record struct Thing(ThingKind Kind, Look Look, int Cell)
{
    /// <summary>Kinds of patch: the ground, and 5 forms × 6 colours × 2 sizes of either kind.</summary>
    public const int Classes = 1 + (2 * 5 * 6 * 2);

    /// <summary>The patch class, 1 to 120; objects come before glyphs. 0 is the ground.</summary>
    public int Class => 1 + (((((((int)Kind * 5) + Look.Form) * 6) + Look.Color) * 2) + (Look.IsLarge ? 1 : 0));

    /// <summary>What kind of thing a patch class is; null for the ground.</summary>
    public static ThingKind? KindOf(int patchClass) => patchClass == 0 ? null : (ThingKind)((patchClass - 1) / 60);
}

/// <summary>Words that pick out things of one kind: "red circle", "large glyph", "small red object".</summary>
public readonly record struct ThingWords(ThingKind Kind, int? Form, int? Color, bool? IsLarge)
{
    /// <summary>The forms of objects, then those of glyphs.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Forms { get; } =
        [["circle", "square", "triangle", "diamond", "cross"], ["ring", "fence", "ladder", "chevron", "saltire"]];

    public static IReadOnlyList<string> Colors { get; } = ["red", "green", "blue", "yellow", "purple", "cyan"];

    /// <summary>What a thing of unsaid form is called: "object", "glyph".</summary>
    public static IReadOnlyList<string> Nouns { get; } = ["object", "glyph"];

    /// <summary>Whether the thing is what the words say.</summary>
    public bool Fits(Thing thing) => thing.Kind == Kind && (Form is null || Form == thing.Look.Form)
        && (Color is null || Color == thing.Look.Color) && (IsLarge is null || IsLarge == thing.Look.IsLarge);

    /// <summary>How many of some things are what the words say.</summary>
    public int Count(IReadOnlyList<Thing> things)
    {
        var count = 0;
        for (var i = 0; i < things.Count; i++)
        {
            count += Fits(things[i]) ? 1 : 0;
        }

        return count;
    }

    /// <summary>The words without an article.</summary>
    public override string ToString() => string.Join(' ', new[]
    {
        IsLarge is { } large ? large ? "large" : "small" : null,
        Color is { } color ? Colors[color] : null,
        Form is { } form ? Forms[(int)Kind][form] : Nouns[(int)Kind],
    }.Where(word => word is not null));

    /// <summary>The same of several.</summary>
    public string Plural() => Plural(ToString());

    /// <summary>The plural of a noun, or of words that end in one.</summary>
    internal static string Plural(string noun) => noun.EndsWith('s') ? noun + "es" : noun + "s";

    /// <summary>Words that several things fit: mostly one attribute.</summary>
    internal static ThingWords Broad(ThingKind kind, SeededRandom random) => random.Next(20) switch
    {
        < 7 => new(kind, null, random.Next(6), null),
        < 14 => new(kind, random.Next(5), null, null),
        < 16 => new(kind, random.Next(5), random.Next(6), null),
        < 18 => new(kind, null, random.Next(6), random.Chance(0.5)),
        _ => new(kind, random.Next(5), null, random.Chance(0.5)),
    };

    /// <summary>Words that few things fit: two attributes, mostly colour and form.</summary>
    internal static ThingWords Narrow(ThingKind kind, SeededRandom random) => random.Next(10) switch
    {
        < 6 => new(kind, random.Next(5), random.Next(6), null),
        < 8 => new(kind, random.Next(5), null, random.Chance(0.5)),
        _ => new(kind, null, random.Next(6), random.Chance(0.5)),
    };

    /// <summary>The same form of words with one or more of its attributes changed; each way round equally likely.</summary>
    internal ThingWords Change(SeededRandom random)
    {
        const double each = 0.6;
        while (true)
        {
            var changed = this with
            {
                Form = Form is { } form && random.Chance(each) ? (form + 1 + random.Next(4)) % 5 : Form,
                Color = Color is { } color && random.Chance(each) ? (color + 1 + random.Next(5)) % 6 : Color,
                IsLarge = IsLarge is { } large && random.Chance(each) ? !large : IsLarge,
            };
            if (changed != this)
            {
                return changed;
            }
        }
    }
}

/// <summary>All that is needed to draw one picture: four to nine objects and six or seven glyphs, each in one of 4 × 4 cells of 3
/// × 3 patches, on a patterned ground.</summary>
/// <param name="Things">The things, at most one in a cell.</param>
public sealed record DecoyScene(IReadOnlyList<Thing> Things, ToyGround Ground, ulong TextureSeed)
    : DrawnScene(Ground, TextureSeed)
{
    public const int Size = 96; // pixels

    /// <summary>Cells in a row, and rows.</summary>
    public const int CellsPerRow = 4;

    public const int Patches = Size / PatchSize * (Size / PatchSize);

    // Each kind has in each scene a colour and a form of its own that so many of its things have more than chance would give
    // them: else there would be little to count.
    private const double Favoured = 0.3;

    internal override int Side => Size;

    internal override IEnumerable<Coat> Coats(SeededRandom random) =>
        Things.SelectMany(thing => DecoyRenderer.Coats(thing, random));

    /// <summary>How many things the words fit.</summary>
    public int Count(ThingWords words) => words.Count(Things);

    /// <summary>Whether they fit any.</summary>
    public bool Has(ThingWords words) => Count(words) > 0;

    /// <summary>Which cells things of either kind are in; looks are drawn later.</summary>
    internal static int[][] DrawCells(SeededRandom random)
    {
        int[] cells = [.. Enumerable.Range(0, CellsPerRow * CellsPerRow)];
        random.Shuffle(cells.AsSpan());
        var (objects, glyphs) = (4 + random.Next(6), 6 + random.Next(2));
        return [cells[..objects], cells[^glyphs..]];
    }

    /// <summary>Things of one kind in given cells.</summary>
    internal static Thing[] DrawThings(ThingKind kind, int[] cells, SeededRandom random)
    {
        var (form, color) = (random.Next(5), random.Next(6));
        return Array.ConvertAll(cells, cell => new Thing(
            kind,
            new Look(
                random.Chance(Favoured) ? form : random.Next(5),
                random.Chance(Favoured) ? color : random.Next(6),
                random.Chance(0.5)),
            cell));
    }

    /// <summary>A scene of these things on a random ground.</summary>
    internal static DecoyScene Of(IEnumerable<Thing> things, SeededRandom random) =>
        new([.. things.OrderBy(thing => thing.Cell)], (ToyGround)(1 + random.Next(3)), random.NextBits());

    /// <summary>A picture that stands in no pair.</summary>
    /// <param name="split">A number of its own for each set of pictures, none of a split of pairs.</param>
    internal static DecoyScene Draw(ulong seed, int split, int number)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, DecoyPair.FirstSplit + (ulong)split, (ulong)number));
        var cells = DrawCells(random);
        return Of(
            [.. DrawThings(ThingKind.Object, cells[0], random), .. DrawThings(ThingKind.Glyph, cells[1], random)], random);
    }
}

/// <summary>How objects and glyphs are painted.</summary>
internal static class DecoyRenderer
{
    private const int CellSize = DecoyScene.Size / DecoyScene.CellsPerRow;
    private const double HalfSqrt2 = 0.7071067811865476;

    private static readonly int[] Ink = [24, 22, 28];

    /// <summary>A thing at a random place in its cell, in a tint of its own; upon a glyph's plate its sign. Both kinds have the
    /// same six colours, so that neither stands out by them.</summary>
    public static IEnumerable<Coat> Coats(Thing thing, SeededRandom random)
    {
        var (isObject, look) = (thing.Kind == ThingKind.Object, thing.Look);
        var reach = isObject ? look.IsLarge ? 10 : 6.5 : look.IsLarge ? 12 : 9.5; // an object's radius, half of a plate's side
        var play = Math.Max(0, (CellSize / 2) - (isObject ? reach * 1.15 : reach));
        var (left, top) = (thing.Cell % DecoyScene.CellsPerRow * CellSize, thing.Cell / DecoyScene.CellsPerRow * CellSize);
        var x = left + (CellSize / 2) + random.NextDouble(-play, play);
        var y = top + (CellSize / 2) + random.NextDouble(-play, play);
        var tilt = isObject ? random.NextDouble(-0.2, 0.2) : 0;
        var paint = ToyRenderer.Tinted(look.Color, random);
        yield return On(paint, thing.Class, isObject
            ? (dx, dy) => ToyRenderer.Outline(look.Form, dx, dy, reach, tilt, triangle: 0.58)
            : (dx, dy) => Math.Max(Math.Abs(dx), Math.Abs(dy)) - reach);
        if (!isObject)
        {
            yield return On(Ink, 0, (dx, dy) => Sign(look.Form, dx / reach, dy / reach) * reach);
        }

        Coat On(int[] color, int patchClass, Func<double, double, double> distance) => new(
            color, left..(left + CellSize), top..(top + CellSize), patchClass, (px, py) => distance(px - x, py - y));
    }

    // How far a point lies outside of a glyph's ink; the plate reaches from -1 to 1.
    private static double Sign(int form, double u, double v) => form switch
    {
        0 => Math.Abs(Math.Sqrt((u * u) + (v * v)) - 0.55) - 0.16,
        1 => Math.Max(Bars(u), Math.Abs(v) - 0.75),
        2 => Math.Max(Bars(v), Math.Abs(u) - 0.75),
        3 => Math.Max((Math.Abs(v - Math.Abs(u) + 0.4) * HalfSqrt2) - 0.17, Math.Abs(u) - 0.8),
        _ => Math.Max((Math.Min(Math.Abs(u - v), Math.Abs(u + v)) * HalfSqrt2) - 0.17,
            Math.Max(Math.Abs(u), Math.Abs(v)) - 0.75),
    };

    // Three parallel bars.
    private static double Bars(double at) => Math.Min(Math.Abs(at), Math.Abs(Math.Abs(at) - 0.58)) - 0.13;
}
