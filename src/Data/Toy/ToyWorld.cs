using System.Security.Cryptography;
using System.Text.Json;
using System.Text;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Toy;

/// <summary>What a toy world is made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="Seed">Where every random choice comes from.</param>
/// <param name="TrainPairs">Examples to train on; a multiple of four.</param>
/// <param name="DevPairs">Examples to choose by; a multiple of four.</param>
/// <param name="TestPairs">Examples to report; a multiple of four.</param>
public sealed record ToyWorldSettings(ulong Seed = 1, int TrainPairs = 12_000, int DevPairs = 1_000, int TestPairs = 1_000)
{
    /// <summary>The usual proportions for another number of training pairs: a twelfth of it each for dev and test.</summary>
    /// <param name="seed">Where every random choice comes from.</param>
    /// <param name="trainPairs">Examples to train on; a positive multiple of four.</param>
    /// <exception cref="ArgumentException">The number is not a positive multiple of four.</exception>
    public static ToyWorldSettings Scaled(ulong seed, int trainPairs)
    {
        if (trainPairs <= 0 || trainPairs % ToyPair.PerSet != 0)
        {
            throw new ArgumentException($"{trainPairs} pairs: give a positive multiple of {ToyPair.PerSet} (a sentence comes with {ToyPair.PerSet} pairs)", nameof(trainPairs));
        }

        var held = Math.Max(ToyPair.PerSet, trainPairs / 12 / ToyPair.PerSet * ToyPair.PerSet);
        return new ToyWorldSettings(seed, trainPairs, held, held);
    }

    /// <summary>The splits by the names NLVR2 gives them, each with its number of pairs.</summary>
    internal IEnumerable<(string Split, int Number, int Pairs)> Splits() => [("train", 0, TrainPairs), ("dev", 1, DevPairs), ("test1", 2, TestPairs)];

    /// <summary>A split by its name.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal (string Split, int Number, int Pairs) Split(string name)
    {
        var found = Splits().FirstOrDefault(split => split.Split == name);
        return found.Pairs > 0
            ? found
            : throw new ArgumentException($"the toy world has no split '{name}'; it has {string.Join(", ", Splits().Select(split => split.Split))}", nameof(name));
    }
}

/// <summary>What a finished toy world was made from, and what came out; lies beside it as stamp.json.</summary>
/// <param name="Generator">The generator's version.</param>
/// <param name="Seed">The seed.</param>
/// <param name="TrainPairs">Examples to train on.</param>
/// <param name="DevPairs">Examples to choose by.</param>
/// <param name="TestPairs">Examples to report.</param>
/// <param name="Digest">SHA-256 over all annotations and pixels: names the data that a result was got on.</param>
public sealed record ToyWorldStamp(int Generator, ulong Seed, int TrainPairs, int DevPairs, int TestPairs, string Digest);

/// <summary>Makes the toy world's files, once.</summary>
public static class ToyWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 3;

    private const string StampName = "stamp.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>
    /// Writes <c>vocab.txt</c> and the folder <c>nlvr2</c> (annotations, images, patch classes) into <paramref name="folder"/>,
    /// unless its stamp says that just these files are there.
    /// </summary>
    /// <param name="folder">Where to; made if absent.</param>
    /// <param name="settings">What to make.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (ToyWorldStamp Stamp, bool IsNew) Make(string folder, ToyWorldSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(settings);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, "vocab.txt"), stream => stream.Write(Encoding.UTF8.GetBytes(ToyVocabulary.FileText)));
        var nlvr2 = Path.Combine(folder, "nlvr2");
        if (ReadStamp(nlvr2) is { } present)
        {
            if (present with { Digest = string.Empty } == StampOf(settings, string.Empty) && IsComplete(nlvr2, settings))
            {
                return (present, false);
            }

            Directory.Delete(nlvr2, recursive: true); // the stamp shows that it was made here, from other settings
        }

        Directory.CreateDirectory(nlvr2);
        var stamp = StampOf(settings, WriteSplits(nlvr2, settings, progress, cancellation));
        AtomicFile.Write(Path.Combine(nlvr2, StampName), stream => JsonSerializer.Serialize(stream, stamp, Indented));
        return (stamp, true);
    }

    /// <summary>The stamp of a finished world in a folder; null where there is none.</summary>
    /// <param name="folder">The folder that <see cref="Make"/> wrote to.</param>
    public static ToyWorldStamp? Find(string folder) => ReadStamp(Path.Combine(folder, "nlvr2"));

    private static string WriteSplits(string folder, ToyWorldSettings settings, IProgress<double>? progress, CancellationToken cancellation)
    {
        double total = settings.TrainPairs + settings.DevPairs + settings.TestPairs;
        var done = 0;
        var hashes = new List<byte>();
        foreach (var (split, number, pairs) in settings.Splits())
        {
            hashes.AddRange(ToyNlvr2Writer.Write(folder, split, number, pairs, settings.Seed, n => progress?.Report(Interlocked.Add(ref done, n) / total), cancellation));
        }

        return Convert.ToHexStringLower(SHA256.HashData([.. hashes]));
    }

    private static ToyWorldStamp StampOf(ToyWorldSettings settings, string digest)
        => new(Generator, settings.Seed, settings.TrainPairs, settings.DevPairs, settings.TestPairs, digest);

    private static ToyWorldStamp? ReadStamp(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<ToyWorldStamp>(File.ReadAllBytes(Path.Combine(folder, StampName)));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null; // none, or cut off: then the world is made anew
        }
    }

    private static bool IsComplete(string folder, ToyWorldSettings settings) => settings.Splits().All(s =>
        File.Exists(Path.Combine(folder, $"{s.Split}.json"))
        && File.Exists(Path.Combine(folder, $"{s.Split}.patches.bin"))
        && Directory.Exists(Path.Combine(folder, "images", s.Split))
        && Directory.EnumerateFiles(Path.Combine(folder, "images", s.Split), "*.png", SearchOption.AllDirectories).Count() == s.Pairs * 2);
}

/// <summary>Writes one split of the toy world in NLVR2's own format: JSON lines, PNG files, and the patches' true classes beside them.</summary>
internal static class ToyNlvr2Writer
{
    /// <summary>NLVR2 spreads its training images over numbered folders; so many sets share one here.</summary>
    private const int SetsPerDirectory = 100;

    /// <summary>Writes the split and returns the hash of its annotations and pixels.</summary>
    /// <param name="folder">Receives "SPLIT.json", "SPLIT.patches.bin" and "images/SPLIT/…".</param>
    /// <param name="split">The split's name.</param>
    /// <param name="number">The split's number, part of every scene's seed.</param>
    /// <param name="pairs">How many examples; a multiple of four.</param>
    /// <param name="seed">The world's seed.</param>
    /// <param name="drawn">Told after every set how many pairs were written.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static byte[] Write(string folder, string split, int number, int pairs, ulong seed, Action<int> drawn, CancellationToken cancellation)
    {
        var sets = pairs / ToyPair.PerSet;
        var lines = new byte[sets][];
        var hashes = new byte[sets][];
        var patches = new byte[pairs * 2 * ToyScene.Patches];
        for (var set = 0; set < sets; set += SetsPerDirectory)
        {
            Directory.CreateDirectory(ImageFolder(folder, split, set));
        }

        Parallel.For(0, sets, new ParallelOptions { CancellationToken = cancellation }, set =>
        {
            var drawing = ToyPair.DrawSet(seed, number, set);
            lines[set] = Lines(drawing, split);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(lines[set]);
            var at = set * ToyPair.PerSet * 2;
            foreach (var (scene, name) in drawing.SelectMany(p => Pictures(p, split)))
            {
                var pixels = ToyRenderer.Render(scene);
                hash.AppendData(pixels);
                ToyRenderer.PatchClasses(scene).CopyTo(patches, at++ * ToyScene.Patches);
                SavePng(pixels, Path.Combine(ImageFolder(folder, split, set), name));
            }

            hashes[set] = hash.GetHashAndReset();
            drawn(drawing.Length);
        });
        ToyPatchClasses.Write(Path.Combine(folder, $"{split}.patches.bin"), patches);
        AtomicFile.Write(Path.Combine(folder, $"{split}.json"), stream => Array.ForEach(lines, l => stream.Write(l)));
        return SHA256.HashData([.. hashes.SelectMany(h => h)]);
    }

    private static string ImageFolder(string folder, string split, int set)
        => split == "train" ? Path.Combine(folder, "images", split, $"{set / SetsPerDirectory}") : Path.Combine(folder, "images", split);

    private static IEnumerable<(ToyScene Scene, string Name)> Pictures(ToyPair pair, string split)
        => [(pair.Left, $"{split}-{pair.Set}-{pair.Number}-img0.png"), (pair.Right, $"{split}-{pair.Set}-{pair.Number}-img1.png")];

    private static void SavePng(byte[] pixels, string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(ImageEncoding.Png(pixels, ToyScene.Size, ToyScene.Size));
    }

    private static byte[] Lines(ToyPair[] set, string split)
    {
        using var lines = new MemoryStream();
        foreach (var pair in set)
        {
            using (var json = new Utf8JsonWriter(lines))
            {
                json.WriteStartObject();
                json.WriteString("sentence", pair.Sentence);
                json.WriteString("label", pair.Label ? "True" : "False");
                json.WriteString("synset", pair.Kind);
                json.WriteString("identifier", $"{split}-{pair.Set}-{pair.Number}-0");
                if (split == "train")
                {
                    json.WriteNumber("directory", pair.Set / SetsPerDirectory);
                }

                json.WriteEndObject();
            }

            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }
}
