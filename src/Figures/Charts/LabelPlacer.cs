using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Puts labels beside their points so that they cover neither one another nor other points.</summary>
internal sealed class LabelPlacer(Box area)
{
    private static readonly (int X, int Y)[] Places = [(0, -1), (1, 0), (0, 1), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1)];

    /// <summary>Crowded labels move away from their points by so many times the usual gap.</summary>
    private static readonly double[] Distances = [1, 2.5, 4, 6];

    private readonly List<Box> taken = [];
    private readonly List<Box> lines = [];

    /// <summary>Nothing may be put here.</summary>
    public void Take(Box box) => taken.Add(box);

    /// <summary>Nothing should be put on this line, if there is room beside it.</summary>
    public void Avoid(Spot from, Spot to)
    {
        const double Step = 5;
        var steps = Math.Clamp((int)(Math.Max(Math.Abs(to.X - from.X), Math.Abs(to.Y - from.Y)) / Step), 1, 400);
        for (var i = 0; i <= steps; i++)
        {
            var share = i / (double)steps;
            lines.Add(new Box(from.X + ((to.X - from.X) * share) - 1, from.Y + ((to.Y - from.Y) * share) - 1, 2, 2));
        }
    }

    /// <summary>The box for a label of a size beside a point: where it should be, or the nearest place that is free.</summary>
    /// <param name="at">The point.</param>
    /// <param name="width">Width of the label.</param>
    /// <param name="height">Height of the label.</param>
    /// <param name="wished">Where it should be: "top center", "middle right" and so on.</param>
    /// <param name="gap">Distance from the point.</param>
    public Box Put(Spot at, double width, double height, string? wished, double gap)
    {
        var first = Place(wished);
        var places = Places.OrderBy(place => place == first ? 0 : 1).ToArray();
        var candidates = (from distance in Distances from place in places select Beside(at, width, height, place, gap * distance))
            .Where(box => area.Holds(box) && !taken.Exists(other => other.Overlaps(box)))
            .ToArray();
        var clear = candidates.Where(box => !lines.Exists(other => other.Overlaps(box)));
        var chosen = clear.Concat(candidates).Append(Beside(at, width, height, first, gap)).First();
        taken.Add(chosen);
        return chosen;
    }

    private static Box Beside(Spot at, double width, double height, (int X, int Y) place, double gap) => new(
        place.X switch { > 0 => at.X + gap, < 0 => at.X - gap - width, _ => at.X - (width / 2) },
        place.Y switch { < 0 => at.Y - gap - height, > 0 => at.Y + gap, _ => at.Y - (height / 2) },
        width,
        height);

    private static (int X, int Y) Place(string? wished) => wished is null
        ? (0, -1)
        : (wished.Contains("right", StringComparison.Ordinal) ? 1 : wished.Contains("left", StringComparison.Ordinal) ? -1 : 0,
            wished.Contains("top", StringComparison.Ordinal) ? -1 : wished.Contains("bottom", StringComparison.Ordinal) ? 1 : 0);
}
