namespace Madtp.Kit.Figures;

/// <summary>How an image is cut into patches; patch 0 is at the top left, and they are counted row by row.</summary>
/// <param name="Columns">Patches in a row.</param>
/// <param name="Rows">Rows of patches.</param>
public sealed record PatchGrid(int Columns, int Rows)
{
    /// <summary>Patches in all.</summary>
    public int Count => Columns * Rows;

    /// <summary>The grid of a square image.</summary>
    /// <param name="imageSize">Its side in pixels.</param>
    /// <param name="patchSize">The side of a patch.</param>
    public static PatchGrid Square(int imageSize, int patchSize) => new(imageSize / patchSize, imageSize / patchSize);

    /// <summary>Checks that indices are patches of this grid.</summary>
    /// <exception cref="ArgumentException">One is not.</exception>
    internal void Check(IReadOnlyList<int> patches, string of)
    {
        foreach (var patch in patches)
        {
            if (patch < 0 || patch >= Count)
            {
                throw new ArgumentException($"{of}: patch {patch} is not in a grid of {Columns} × {Rows} ({Count} patches, counted from 0)");
            }
        }
    }
}
