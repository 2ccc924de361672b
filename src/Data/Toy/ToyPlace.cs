namespace Madtp.Kit.Data.Toy;

/// <summary>Where one object is, seen from another.</summary>
internal static class ToyPlace
{
    /// <summary>The words for the four directions.</summary>
    public static readonly string[] All = ["above", "below", "to the left of", "to the right of"];

    // Centres must differ by so many pixels in one direction, and by clearly less in the other, to be called one way and not two.
    private const double Clear = 14;

    /// <summary>One of the four directions; null where it is not clear.</summary>
    public static string? Of(ToyObject first, ToyObject second)
    {
        var (right, down) = (first.X - second.X, first.Y - second.Y);
        return Math.Abs(down) > Clear && Math.Abs(down) > 1.5 * Math.Abs(right) ? (down < 0 ? All[0] : All[1])
            : Math.Abs(right) > Clear && Math.Abs(right) > 1.5 * Math.Abs(down) ? (right < 0 ? All[2] : All[3])
            : null;
    }

    /// <summary>The direction that is meant from the other side.</summary>
    public static string Opposite(string where) => All[Array.IndexOf(All, where) ^ 1];
}
