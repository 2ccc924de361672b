namespace Madtp.Kit.Data.Toy;

/// <summary>All that is needed to draw one picture: one to three shapes on a ground.</summary>
/// <param name="Objects">The shapes; none overlaps another.</param>
/// <param name="Ground">The pattern behind them.</param>
/// <param name="TextureSeed">Fixes the ground's tint, its pattern's place and the noise.</param>
public sealed record ToyScene(IReadOnlyList<ToyObject> Objects, ToyGround Ground, ulong TextureSeed)
{
    /// <summary>Width and height of a scene in pixels.</summary>
    public const int Size = 64;

    /// <summary>Width and height of a patch in pixels.</summary>
    public const int PatchSize = 8;

    /// <summary>Patches of a scene.</summary>
    public const int Patches = (Size / PatchSize) * (Size / PatchSize);

    /// <summary>How many shapes fit the description.</summary>
    /// <param name="description">Colour, shape, or both.</param>
    public int Count(ToyDescription description) => Objects.Count(description.Fits);

    /// <summary>Whether a shape fits the description.</summary>
    /// <param name="description">Colour, shape, or both.</param>
    public bool Has(ToyDescription description) => Objects.Any(description.Fits);
}
