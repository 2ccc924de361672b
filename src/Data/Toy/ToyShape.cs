namespace Madtp.Kit.Data.Toy;

/// <summary>The three shapes of the toy world.</summary>
public enum ToyShape
{
    /// <summary>A disc.</summary>
    Circle,

    /// <summary>A square, turned a little.</summary>
    Square,

    /// <summary>An equilateral triangle that points up, turned a little.</summary>
    Triangle,
}
