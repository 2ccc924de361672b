using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>What finished files were made from, and what came out; lies beside them as stamp.json.</summary>
/// <param name="Pairs">NLVR2's pairs.</param>
/// <param name="TrainImages">COCO's training images.</param>
/// <param name="Digest">SHA-256 over all pixels and annotations: names the data that a result was got on.</param>
public sealed record DecoyStamp(int Generator, ToyWorldSettings Pairs, int TrainImages, string Digest);

/// <summary>Writes the world with decoys: pictures once, and the annotations of corpus A and of corpus B about them, each in the
/// forms of NLVR2, COCO captions, Flickr30k and VQA v2. The folders <c>a</c> and <c>b</c> are whole data folders; their images
/// are links to the same files.</summary>
public static class DecoyWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 1;

    private const ulong CaptionStream = 2_100; // keeps what is said apart from what is drawn
    private static readonly string[] Corpora = ["a", "b"];

    // A corpus's folders of images, and the folder of all images that each stands for.
    private static readonly (string Name, string Images)[] Links =
    [
        ("nlvr2/images", "nlvr2"), ("coco/train2014", "train2014"), ("coco/val2014", "val2014"),
        ("flickr30k/flickr30k-images", "flickr30k-images"),
    ];

    /// <summary>Writes everything into a folder, unless its stamp says that just this is there.</summary>
    /// <param name="settings">NLVR2's pairs.</param>
    /// <param name="trainImages">COCO's training images; Flickr30k has half as many, validation and test a twelfth each.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (DecoyStamp Stamp, bool IsNew) Make(
        string folder, ToyWorldSettings settings, int trainImages = 6_000, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        var stamp = new DecoyStamp(Generator, settings, trainImages, string.Empty);
        var images = Path.Combine(folder, "images");
        var count = settings.Splits.Sum(split => 2 * split.Pairs)
            + PictureFiles.Splits.Sum(split => Count(trainImages, split, true) + Count(trainImages, split, false));
        string[] folders = [.. Corpora.Append("images").Select(name => Path.Combine(folder, name))];
        bool IsWanted(DecoyStamp found) => found with { Digest = "" } == stamp && ToyFiles.Count(images, "*.*") == count;
        return ToyFiles.MakeOnce<DecoyStamp>(Path.Combine(folder, "stamp.json"), folders, IsWanted, () =>
        {
            Array.ForEach(Corpora, corpus => Prepare(folder, corpus));
            var painter = new Painter(count, progress, cancellation);
            var hashes = new List<byte>();
            foreach (var (split, _, _) in settings.Splits)
            {
                WritePairs(folder, split, settings, painter, hashes);
            }

            WritePictures(folder, settings.Seed, trainImages, painter, hashes);
            return stamp with { Digest = Convert.ToHexStringLower(SHA256.HashData([.. hashes])) };
        });
    }

    // How many pictures COCO or Flickr30k has in a split.
    private static int Count(int trainImages, string split, bool isCoco) =>
        Math.Max(1, (split == "train" ? trainImages : trainImages / 12) / (isCoco ? 1 : 2));

    // The vocabulary and folders of a corpus.
    private static void Prepare(string folder, string corpus)
    {
        Array.ForEach(
            [.. PictureFiles.Folders, "nlvr2"], name => Directory.CreateDirectory(Path.Combine(folder, corpus, name)));
        AtomicFile.Write(Path.Combine(folder, corpus, "vocab.txt"), DecoyTokens.VocabularyFile);
        foreach (var (name, images) in Links)
        {
            Directory.CreateDirectory(Path.Combine(folder, "images", images));
            var link = Path.Combine(folder, corpus, name);
            if (!Directory.Exists(link))
            {
                Directory.CreateSymbolicLink(link, Path.Combine("..", "..", "images", images));
            }
        }
    }

    // A split of NLVR2: PNG files in numbered folders, and of each corpus JSON lines and the patches' true classes.
    private static void WritePairs(
        string folder, string split, ToyWorldSettings settings, Painter painter, List<byte> hashes)
    {
        var pairs = DecoyPairs.DrawSplit(split, settings);
        (DrawnScene, string) Image(DecoyPair pair, int side) =>
            (side == 0 ? pair.Left : pair.Right, ToyFiles.PairImage(split, pair.Set, pair.Number, side));
        var (patches, painted) = painter.Paint(
            Path.Combine(folder, "images", "nlvr2"), [.. pairs.SelectMany(pair => new[] { Image(pair, 0), Image(pair, 1) })]);
        hashes.AddRange(SHA256.HashData(painted));
        foreach (var (corpus, name) in Corpora.Index())
        {
            var lines = string.Concat(pairs.Select(pair => (pair, said: pair.Statements[corpus])).Select(one => ToyFiles.PairLine(
                split, one.pair.Set, one.pair.Number, one.said.Sentence, one.said.Label, one.said.Claim.Kind)));
            hashes.AddRange(SHA256.HashData(Encoding.UTF8.GetBytes(lines)));
            AtomicFile.Write(Path.Combine(folder, name, "nlvr2", $"{split}.json"), lines);
            ToyFiles.WritePatches(Path.Combine(folder, name, "nlvr2", $"{split}.patches.bin"), patches);
        }
    }

    // COCO captions with VQA v2's questions, and Flickr30k.
    private static void WritePictures(string folder, ulong seed, int trainImages, Painter painter, List<byte> hashes)
    {
        AnnotatedPicture[][] Pictures(int split, bool isCoco)
        {
            var name = PictureFiles.Splits[split];
            var first = PictureFiles.FirstId(name, isCoco);
            DecoyScene[] scenes = [.. Enumerable.Range(0, Count(trainImages, name, isCoco))
                .Select(i => DecoyScene.Draw(seed, (isCoco ? 5 : 8) + split, i))];
            AnnotatedPicture[][] said = [.. Enum.GetValues<ThingKind>().Select(kind => scenes.Select((scene, i) =>
            {
                var random = new SeededRandom(SeededRandom.SeedFor(seed, CaptionStream + (ulong)kind, (ulong)(first + i)));
                return new AnnotatedPicture(
                    first + i, DecoyCaptions.Draw(scene, kind, random), DecoyCaptions.Ask(scene, kind, random));
            }).ToArray())];
            var (_, painted) = painter.Paint(
                Path.Combine(folder, "images"), [.. scenes.Zip(said[0], (scene, picture) => ((DrawnScene)scene, picture.File))]);
            hashes.AddRange(SHA256.HashData(painted));
            return said;
        }

        AnnotatedPicture[][][] coco = [.. Enumerable.Range(0, 3).Select(split => Pictures(split, isCoco: true))];
        AnnotatedPicture[][][] flickr = [.. Enumerable.Range(0, 3).Select(split => Pictures(split, isCoco: false))];
        foreach (var (corpus, name) in Corpora.Index())
        {
            AnnotatedPicture[][] asked = [.. coco.Select(split => split[corpus])];
            AnnotatedPicture[][] told = [.. flickr.Select(split => split[corpus])];
            PictureFiles.Write(Path.Combine(folder, name), asked, told);
            hashes.AddRange(SHA256.HashData(
                [.. asked.Concat(told).SelectMany(split => split).SelectMany(picture => picture.Words)]));
        }
    }
}
