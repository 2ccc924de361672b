using System.Security.Cryptography;
using System.Text.Json;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Toy;

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
