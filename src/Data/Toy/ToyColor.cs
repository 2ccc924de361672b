namespace Madtp.Kit.Data.Toy;

/// <summary>The five colours of the toy world's shapes.</summary>
public enum ToyColor
{
    /// <summary>Red.</summary>
    Red,

    /// <summary>Green.</summary>
    Green,

    /// <summary>Blue.</summary>
    Blue,

    /// <summary>Yellow.</summary>
    Yellow,

    /// <summary>Purple.</summary>
    Purple,
}
