namespace Madtp.Kit.Data.Toy;

/// <summary>Which picture of a pair.</summary>
public enum ToySide
{
    /// <summary>The left one, img0.</summary>
    Left,

    /// <summary>The right one, img1.</summary>
    Right,
}
