namespace Madtp.Kit.Data.Toy;

/// <summary>What a finished toy world was made from, and what came out; lies beside it as stamp.json.</summary>
/// <param name="Digest">SHA-256 over all annotations and pixels: names the data that a result was got on.</param>
public sealed record ToyWorldStamp(int Generator, ulong Seed, int TrainPairs, int DevPairs, int TestPairs, string Digest);

/// <summary>Makes the toy world's NLVR2, once, in NLVR2's own format: JSON lines, PNG files, the patches' true classes.</summary>
public static class ToyWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 3;

    /// <summary>Writes <c>vocab.txt</c> and the folder <c>nlvr2</c> (annotations, images, patch classes) into
    /// <paramref name="folder"/>, unless its stamp says that just these files are there.</summary>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (ToyWorldStamp Stamp, bool IsNew) Make(
        string folder, ToyWorldSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, "vocab.txt"), ToyTokens.VocabularyFile);
        var nlvr2 = Path.Combine(folder, "nlvr2");
        var stamp = new ToyWorldStamp(
            Generator, settings.Seed, settings.TrainPairs, settings.DevPairs, settings.TestPairs, string.Empty);
        return ToyFiles.MakeOnce(
            StampPath(folder), [nlvr2], found => found with { Digest = "" } == stamp && IsComplete(nlvr2, settings), () =>
        {
            var painter = new Painter(settings.Splits.Sum(split => split.Pairs) * 2, progress, cancellation);
            byte[] hashes = [.. settings.Splits.SelectMany(split => Write(nlvr2, split.Split, settings, painter))];
            return stamp with { Digest = Convert.ToHexStringLower(SHA256.HashData(hashes)) };
        });
    }

    /// <summary>The stamp of a finished world in a folder; null where there is none.</summary>
    /// <param name="folder">The folder that <see cref="Make"/> wrote to.</param>
    public static ToyWorldStamp? Find(string folder) => ToyFiles.ReadStamp<ToyWorldStamp>(StampPath(folder));

    private static string StampPath(string folder) => Path.Combine(folder, "nlvr2", "stamp.json");

    /// <summary>Writes a split, "SPLIT.json", "SPLIT.patches.bin" and "images/SPLIT/…", and returns the hash of its annotations
    /// and pixels.</summary>
    private static byte[] Write(string folder, string split, ToyWorldSettings settings, Painter painter)
    {
        var pairs = settings.Draw(split, null, ToyPair.DrawSet);
        byte[][] lines = [.. pairs.Chunk(ToyPair.PerSet).Select(set => Encoding.UTF8.GetBytes(string.Concat(set.Select(
            pair => ToyFiles.PairLine(split, pair.Set, pair.Number, pair.Sentence, pair.Label, pair.Kind)))))];
        (DrawnScene, string) Image(ToyPair pair, int side) =>
            (side == 0 ? pair.Left : pair.Right, ToyFiles.PairImage(split, pair.Set, pair.Number, side));
        var (patches, hashes) = painter.Paint(
            Path.Combine(folder, "images"), [.. pairs.SelectMany(pair => new[] { Image(pair, 0), Image(pair, 1) })],
            (set, pixels) => [.. lines[set], .. pixels], perGroup: 2 * ToyPair.PerSet);
        ToyFiles.WritePatches(Path.Combine(folder, $"{split}.patches.bin"), patches);
        AtomicFile.Write(Path.Combine(folder, $"{split}.json"), stream => Array.ForEach(lines, line => stream.Write(line)));
        return SHA256.HashData(hashes);
    }

    private static bool IsComplete(string folder, ToyWorldSettings settings) => settings.Splits.All(s =>
        File.Exists(Path.Combine(folder, $"{s.Split}.json"))
        && File.Exists(Path.Combine(folder, $"{s.Split}.patches.bin"))
        && ToyFiles.Count(Path.Combine(folder, "images", s.Split), "*.png") == s.Pairs * 2);
}

/// <summary>Writes the pictures of a world as image files, on several threads.</summary>
/// <param name="total">How many pictures the world has.</param>
/// <param name="progress">Told the share done, 0 to 1.</param>
internal sealed class Painter(int total, IProgress<double>? progress, CancellationToken cancellation)
{
    private readonly Lock counting = new();
    private int done;

    /// <summary>Paints pictures below a folder; returns what each patch shows, and the SHA-256 of each group's content.</summary>
    /// <param name="content">What is hashed of a group, from its number and its pixels; the pixels alone if null.</param>
    public (byte[] Classes, byte[] Hashes) Paint(
        string folder,
        (DrawnScene Scene, string Name)[] pictures,
        Func<int, byte[], byte[]>? content = null,
        int perGroup = 1)
    {
        foreach (var directory in pictures.Select(picture => Path.GetDirectoryName(picture.Name)!).Distinct())
        {
            Directory.CreateDirectory(Path.Combine(folder, directory));
        }

        var made = new (byte[] Classes, byte[] Hash)[pictures.Length / perGroup];
        Parallel.For(0, made.Length, new ParallelOptions { CancellationToken = cancellation }, group =>
        {
            var its = pictures.AsSpan(group * perGroup, perGroup).ToArray();
            var (pixels, classes) = ToyRenderer.Paint([.. its.Select(picture => picture.Scene)]);
            var (side, bytes) = (its[0].Scene.Side, pixels.Length / its.Length);
            foreach (var (at, (_, name)) in its.Index())
            {
                ToyFiles.SaveImage(pixels.AsSpan(at * bytes, bytes), side, Path.Combine(folder, name));
            }

            made[group] = (classes, SHA256.HashData(content?.Invoke(group, pixels) ?? pixels));
            lock (counting)
            {
                done += its.Length;
                progress?.Report((double)done / total);
            }
        });
        return ([.. made.SelectMany(group => group.Classes)], [.. made.SelectMany(group => group.Hash)]);
    }
}

/// <summary>The files of drawn worlds: whole or absent, equal bytes for equal contents.</summary>
internal static class ToyFiles
{
    // Fine enough that the noise of the grounds survives and edges keep their colour.
    private const int Quality = 95;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // NLVR2 spreads its training images over numbered folders; so many sets share one here.
    private const int SetsPerDirectory = 100;

    /// <summary>Writes a world into folders, unless a stamp says that it is there.</summary>
    /// <param name="isWanted">Whether a stamp is of this world, and nothing of that is missing.</param>
    /// <param name="write">Fills the folders, made empty, and returns the stamp.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (T Stamp, bool IsNew) MakeOnce<T>(string stampPath, string[] folders, Func<T, bool> isWanted, Func<T> write)
        where T : class
    {
        if (ReadStamp<T>(stampPath) is { } found)
        {
            if (isWanted(found))
            {
                return (found, false);
            }

            File.Delete(stampPath);
            foreach (var old in folders.Where(Directory.Exists))
            {
                Directory.Delete(old, recursive: true); // the stamp shows that these were made here, from other settings
            }
        }

        Array.ForEach(folders, folder => Directory.CreateDirectory(folder));
        var begun = DateTime.UtcNow;
        var stamp = write();
        foreach (var part in folders.SelectMany(folder => Directory.GetFiles(folder, "*.part", SearchOption.AllDirectories))
            .Where(part => File.GetLastWriteTimeUtc(part) < begun))
        {
            File.Delete(part); // of one that was killed: another that writes here at this moment has newer ones
        }

        AtomicFile.Write(stampPath, stream => JsonSerializer.Serialize(stream, stamp, Indented));
        return (stamp, true);
    }

    /// <summary>A stamp; null where there is none, or it is cut off: then what it stands for is made anew.</summary>
    public static T? ReadStamp<T>(string path) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Where a pair's image is below the folder of images.</summary>
    public static string PairImage(string split, int set, int number, int side) => Path.Combine(
        split, split == "train" ? $"{set / SetsPerDirectory}" : string.Empty, $"{split}-{set}-{number}-img{side}.png");

    /// <summary>A pair's line in NLVR2's annotations.</summary>
    public static string PairLine(string split, int set, int number, string sentence, bool label, string kind)
    {
        var entry = new Dictionary<string, object>
        {
            ["sentence"] = sentence,
            ["label"] = label ? "True" : "False",
            ["synset"] = kind,
            ["identifier"] = $"{split}-{set}-{number}-0",
        };
        if (split == "train")
        {
            entry["directory"] = set / SetsPerDirectory;
        }

        return JsonSerializer.Serialize(entry) + "\n";
    }

    public static void WriteJson<T>(string path, T value) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, value));

    /// <summary>The true class of every patch of a split (see <see cref="ToyRenderer.PatchClasses"/>), what a picture of pruned
    /// patches can be held against: the 8 bytes "KITPATCH", then one byte a patch; images in the annotations' order, left before
    /// right.</summary>
    public static void WritePatches(string path, byte[] classes) =>
        AtomicFile.Write(path, stream => stream.Write([.. "KITPATCH"u8, .. classes]));

    /// <summary>Writes a scene's pixels as PNG or JPEG, by the file's name.</summary>
    public static void SaveImage(ReadOnlySpan<byte> pixels, int side, string path)
    {
        var bytes = path.EndsWith(".png", StringComparison.Ordinal)
            ? Images.ImageEncoding.Png(pixels, side, side)
            : Images.ImageEncoding.Jpeg(pixels, side, side, Quality);
        AtomicFile.Write(path, file => file.Write(bytes), flushToDisk: false);
    }

    public static int Count(string folder, string pattern)
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Count() : 0;
}
