namespace Madtp.Kit.Data.Toy;

/// <summary>One shape of a scene. Lengths are in pixels, y grows downwards.</summary>
/// <param name="Shape">What it is.</param>
/// <param name="Color">How it is painted.</param>
/// <param name="X">Its centre, from the left edge.</param>
/// <param name="Y">Its centre, from the top edge.</param>
/// <param name="Radius">Its size: a circle's radius; squares and triangles are scaled to look as large.</param>
/// <param name="Tilt">The tangent of the angle by which it is turned.</param>
public sealed record ToyObject(ToyShape Shape, ToyColor Color, double X, double Y, double Radius, double Tilt)
{
    /// <summary>How many kinds of patch there are: the ground and 5 colours × 3 shapes.</summary>
    public const int Classes = 16;

    /// <summary>The patch class of this object: 1 to 15; 0 is the ground.</summary>
    public int Class => 1 + ((int)Color * 3) + (int)Shape;

    /// <summary>A patch class in words: "ground", "red circle", ….</summary>
    /// <param name="patchClass">0 to 15.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public static string ClassName(int patchClass)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patchClass);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(patchClass, Classes);
        return patchClass == 0 ? "ground" : $"{ToyWords.Of((ToyColor)((patchClass - 1) / 3))} {ToyWords.Of((ToyShape)((patchClass - 1) % 3))}";
    }
}
