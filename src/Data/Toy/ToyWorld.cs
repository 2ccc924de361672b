namespace Madtp.Kit.Data.Toy;

/// <summary>What a toy world is made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="TrainPairs">Examples to train on; a multiple of four.</param>
/// <param name="DevPairs">Examples to choose by; a multiple of four.</param>
/// <param name="TestPairs">Examples to report; a multiple of four.</param>
public sealed record ToyWorldSettings(ulong Seed = 1, int TrainPairs = 12_000, int DevPairs = 1_000, int TestPairs = 1_000)
{
    /// <summary>The splits by the names NLVR2 gives them, each with its number of pairs.</summary>
    internal IReadOnlyList<(string Split, int Number, int Pairs)> Splits =>
        [("train", 0, TrainPairs), ("dev", 1, DevPairs), ("test1", 2, TestPairs)];

    /// <summary>The usual proportions for another number of training pairs: a twelfth of it each for dev and test.</summary>
    /// <param name="trainPairs">Examples to train on; a positive multiple of four.</param>
    /// <exception cref="ArgumentException">The number is not a positive multiple of four.</exception>
    public static ToyWorldSettings Scaled(ulong seed, int trainPairs)
    {
        const int set = ToyPair.PerSet;
        Guard.Argument(trainPairs > 0 && trainPairs % set == 0,
            $"{trainPairs} pairs: give a positive multiple of {set} (a sentence comes with {set} pairs)", nameof(trainPairs));
        var held = Math.Max(set, trainPairs / 12 / set * set);
        return new ToyWorldSettings(seed, trainPairs, held, held);
    }

    /// <summary>A split by its name.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal (string Split, int Number, int Pairs) Split(string name) =>
        Splits.FirstOrDefault(split => split.Split == name) is { Pairs: > 0 } found
        ? found
        : throw new ArgumentException($"the toy world has no split '{name}'; it has train, dev, test1", nameof(name));
}

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
    /// <param name="folder">Where to; made if absent.</param>
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
        if (Find(folder) is { } present)
        {
            if (present with { Digest = string.Empty } == stamp && IsComplete(nlvr2, settings))
            {
                return (present, false);
            }

            Directory.Delete(nlvr2, recursive: true); // the stamp shows that it was made here, from other settings
        }

        Directory.CreateDirectory(nlvr2);
        double total = settings.Splits.Sum(split => split.Pairs);
        var (done, hashes) = (0, new List<byte>());
        foreach (var (split, number, pairs) in settings.Splits)
        {
            hashes.AddRange(Write(
                nlvr2, split, number, pairs, settings.Seed, n => progress?.Report(Interlocked.Add(ref done, n) / total),
                cancellation));
        }

        stamp = stamp with { Digest = Convert.ToHexStringLower(SHA256.HashData([.. hashes])) };
        ToyFiles.WriteStamp(Path.Combine(nlvr2, "stamp.json"), stamp);
        return (stamp, true);
    }

    /// <summary>The stamp of a finished world in a folder; null where there is none.</summary>
    /// <param name="folder">The folder that <see cref="Make"/> wrote to.</param>
    public static ToyWorldStamp? Find(string folder) =>
        ToyFiles.ReadStamp<ToyWorldStamp>(Path.Combine(folder, "nlvr2", "stamp.json"));

    /// <summary>Writes a split, "SPLIT.json", "SPLIT.patches.bin" and "images/SPLIT/…", and returns the hash of its annotations
    /// and pixels.</summary>
    private static byte[] Write(
        string folder, string split, int number, int pairs, ulong seed, Action<int> drawn, CancellationToken cancellation)
    {
        var sets = pairs / ToyPair.PerSet;
        var lines = new byte[sets][];
        var hashes = new byte[sets][];
        var patches = new byte[pairs * 2 * ToyScene.Patches];
        string Image(int set, int number, int side) =>
            Path.Combine(folder, "images", ToyFiles.PairImage(split, set, number, side));
        foreach (var directory in Enumerable.Range(0, sets).Select(set => Path.GetDirectoryName(Image(set, 0, 0))!).Distinct())
        {
            Directory.CreateDirectory(directory);
        }

        Parallel.For(0, sets, new ParallelOptions { CancellationToken = cancellation }, set =>
        {
            var drawing = ToyPair.DrawSet(seed, number, set);
            lines[set] = Encoding.UTF8.GetBytes(string.Concat(drawing.Select(pair =>
                ToyFiles.PairLine(split, pair.Set, pair.Number, pair.Sentence, pair.Label, pair.Kind))));
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(lines[set]);
            foreach (var (at, pair) in drawing.Index())
            {
                foreach (var (side, scene) in new[] { pair.Left, pair.Right }.Index())
                {
                    var pixels = ToyRenderer.Render(scene);
                    hash.AppendData(pixels);
                    ToyRenderer.PatchClasses(scene)
                        .CopyTo(patches, ((((set * ToyPair.PerSet) + at) * 2) + side) * ToyScene.Patches);
                    ToyFiles.SaveImage(pixels, Image(pair.Set, pair.Number, side));
                }
            }

            hashes[set] = hash.GetHashAndReset();
            drawn(drawing.Length);
        });
        ToyFiles.WritePatches(Path.Combine(folder, $"{split}.patches.bin"), patches);
        AtomicFile.Write(Path.Combine(folder, $"{split}.json"), stream => Array.ForEach(lines, l => stream.Write(l)));
        return SHA256.HashData([.. hashes.SelectMany(h => h)]);
    }

    private static bool IsComplete(string folder, ToyWorldSettings settings) => settings.Splits.All(s =>
        File.Exists(Path.Combine(folder, $"{s.Split}.json"))
        && File.Exists(Path.Combine(folder, $"{s.Split}.patches.bin"))
        && ToyFiles.Count(Path.Combine(folder, "images", s.Split), "*.png") == s.Pairs * 2);
}

/// <summary>The files of toy worlds: whole or absent, equal bytes for equal contents.</summary>
internal static class ToyFiles
{
    // Fine enough that the noise of the grounds survives and edges keep their colour.
    private const int Quality = 95;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // NLVR2 spreads its training images over numbered folders; so many sets share one here.
    private const int SetsPerDirectory = 100;

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

    public static void WriteStamp<T>(string path, T stamp) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, stamp, Indented));

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

    /// <summary>The true class of every patch of a split (see <see cref="ToyRenderer.PatchClasses"/>), what a picture of pruned
    /// patches can be held against: the 8 bytes "KITPATCH", then one byte a patch; images in the annotations' order, left before
    /// right.</summary>
    public static void WritePatches(string path, byte[] classes) =>
        AtomicFile.Write(path, stream => stream.Write([.. "KITPATCH"u8, .. classes]));

    /// <summary>Writes a scene's pixels as PNG or JPEG, by the file's name.</summary>
    public static void SaveImage(byte[] pixels, string path, int size = ToyScene.Size)
    {
        var bytes = path.EndsWith(".png", StringComparison.Ordinal)
            ? Images.ImageEncoding.Png(pixels, size, size)
            : Images.ImageEncoding.Jpeg(pixels, size, size, Quality);
        AtomicFile.Write(path, file => file.Write(bytes), flushToDisk: false);
    }

    public static int Count(string folder, string pattern)
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Count() : 0;
}
