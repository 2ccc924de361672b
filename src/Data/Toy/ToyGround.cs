namespace Madtp.Kit.Data.Toy;

/// <summary>What lies behind the shapes: a gray ground with a faint pattern.</summary>
public enum ToyGround
{
    /// <summary>No pattern but fine noise.</summary>
    Plain,

    /// <summary>Slanted stripes.</summary>
    Striped,

    /// <summary>A checkerboard.</summary>
    Checked,

    /// <summary>Dots on a grid.</summary>
    Dotted,
}
