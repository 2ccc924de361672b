namespace Madtp.Kit.Data.Toy;

/// <summary>
/// The true class of every patch of a split (see <see cref="ToyRenderer.PatchClasses"/>): what an auxiliary loss on the image
/// encoder's tokens learns from, and what a picture of pruned patches can be held against.
/// File: the 8 bytes "KITPATCH", then one byte a patch; images in the annotations' order, left before right.
/// </summary>
public sealed class ToyPatchClasses
{
    private readonly byte[] classes;

    private ToyPatchClasses(byte[] classes) => this.classes = classes;

    /// <summary>How many images there are.</summary>
    public int Images => classes.Length / ToyScene.Patches;

    /// <summary>How many pairs of images there are.</summary>
    public int Pairs => Images / 2;

    private static ReadOnlySpan<byte> Magic => "KITPATCH"u8;

    /// <summary>The classes of one image's patches, row by row. <c>[64]</c></summary>
    /// <param name="pair">The example's place in the annotation file, from 0.</param>
    /// <param name="side">Which of its images.</param>
    public ReadOnlySpan<byte> Of(int pair, ToySide side) => OfImage((pair * 2) + (int)side);

    /// <summary>The classes of one image's patches, row by row. <c>[64]</c></summary>
    /// <param name="image">The image's place in the annotation file, from 0.</param>
    public ReadOnlySpan<byte> OfImage(int image) => classes.AsSpan(image * ToyScene.Patches, ToyScene.Patches);

    /// <summary>Reads a split's file, "SPLIT.patches.bin".</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">It is not such a file, or cut off.</exception>
    public static ToyPatchClasses Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no patch classes at '{path}'; './kit data make-toy' makes them", path);
        }

        var bytes = File.ReadAllBytes(path);
        if (!bytes.AsSpan().StartsWith(Magic) || (bytes.Length - Magic.Length) % ToyScene.Patches != 0)
        {
            throw new InvalidDataException($"'{path}' is no file of patch classes, or it is cut off ({bytes.Length} bytes)");
        }

        return new ToyPatchClasses(bytes[Magic.Length..]);
    }

    /// <summary>Writes the file for all images of a split.</summary>
    internal static void Write(string path, byte[] classes) => AtomicFile.Write(path, stream =>
    {
        stream.Write(Magic);
        stream.Write(classes);
    });
}
