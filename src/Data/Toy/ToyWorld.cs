using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Madtp.Kit.Data.Toy;

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
