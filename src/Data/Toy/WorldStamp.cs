namespace Madtp.Kit.Data.Toy;

/// <summary>What the finished files of a drawn world were made from, and what came out; lies beside them as stamp.json.</summary>
/// <param name="World">The generator and its settings.</param>
/// <param name="Files">How many files there are.</param>
/// <param name="Digest">SHA-256 over all of them: names the data.</param>
public sealed record WorldStamp(string World, int Files, string Digest)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // Links to pictures that both corpora share lead to files that are counted where they are.
    private static readonly EnumerationOptions Real =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>Writes a world into folders, unless a stamp says that it is there. Nothing goes but what was drawn here: of
    /// another world all files, where they are just those; else files of the same name, of the same world.</summary>
    /// <param name="write">Fills the folders; what it finds there it replaces.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    /// <exception cref="IOException">The folders hold files of another's, or a changed or half-made world of other
    /// settings.</exception>
    internal static (WorldStamp Stamp, bool IsNew) MakeOnce(string path, string world, string[] folders, Action write)
    {
        var begun = Path.ChangeExtension(path, ".begun"); // stands for the stamp until all is drawn
        string[] Files() => [.. folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*", Real))
            .Where(file => file != path && file != begun).Order(StringComparer.Ordinal)];
        var (there, found) = (Files(), Read(path));
        if (found?.World == world && found.Files <= there.Length)
            return (found, false);

        var isSame = (found ?? Read(begun))?.World == world;
        if (!isSame && there.Length > 0 && found?.Digest != DigestOf(there))
        {
            throw new IOException($"{string.Join(", ", folders.Where(Directory.Exists))}: what is there was not drawn here, has "
                + "changed since, or is half of another world; move it away or delete it, or name another folder");
        }

        Array.ForEach(folders, folder => Directory.CreateDirectory(folder));
        AtomicFile.Write(begun, JsonSerializer.Serialize(new WorldStamp(world, 0, "")));
        var since = File.GetLastWriteTimeUtc(begun);
        File.Delete(path);
        Array.ForEach(isSame ? [] : there, File.Delete);
        write();
        var files = Files().ToLookup(file => File.GetLastWriteTimeUtc(file) >= since);
        foreach (var part in files[false].Where(AtomicFile.IsTemporary))
            File.Delete(part); // of one that was killed: another that writes here at this moment has newer ones

        string[] drawn = [.. files[true].Where(file => !AtomicFile.IsTemporary(file))];
        var stamp = new WorldStamp(world, drawn.Length, DigestOf(drawn));
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, stamp, Indented));
        File.Delete(begun);
        return (stamp, true);
    }

    /// <summary>A stamp; null where there is none, or it is cut off.</summary>
    internal static WorldStamp? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<WorldStamp>(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    private static string DigestOf(string[] files) => Convert.ToHexStringLower(SHA256.HashData(
        [.. files.AsParallel().AsOrdered().SelectMany(file => SHA256.HashData(File.ReadAllBytes(file)))]));
}

/// <summary>Writes the pictures of a world as image files, on several threads.</summary>
/// <param name="total">How many pictures the world has.</param>
/// <param name="progress">Told the share done, 0 to 1.</param>
internal sealed class Painter(int total, IProgress<double>? progress, CancellationToken cancellation)
{
    // Fine enough that the noise of the grounds survives and edges keep their colour.
    private const int Quality = 95;

    private readonly Lock counting = new();
    private int done;

    /// <summary>Paints pictures below a folder, as PNG or JPEG by their names.</summary>
    /// <returns>What each patch shows: what files that end in "patches.bin" hold after the 8 bytes "KITPATCH", one byte a patch
    /// (see <see cref="ToyRenderer.PatchClasses"/>), images in the annotations' order, left before right.</returns>
    public byte[] Paint(string folder, (DrawnScene Scene, string Name)[] pictures)
    {
        foreach (var directory in pictures.Select(picture => Path.GetDirectoryName(picture.Name)!).Distinct())
            Directory.CreateDirectory(Path.Combine(folder, directory));

        var classes = new byte[pictures.Length][];
        Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            var ((scene, name), path) = (pictures[i], Path.Combine(folder, pictures[i].Name));
            (var pixels, classes[i]) = ToyRenderer.Paint([scene]);
            var bytes = name.EndsWith(".png", StringComparison.Ordinal)
                ? Images.ImageEncoding.Png(pixels, scene.Side, scene.Side)
                : Images.ImageEncoding.Jpeg(pixels, scene.Side, scene.Side, Quality);
            AtomicFile.Write(path, file => file.Write(bytes), flushToDisk: false);
            lock (counting)
                progress?.Report((double)++done / total);
        });
        return [.. "KITPATCH"u8, .. classes.SelectMany(of => of)];
    }
}
