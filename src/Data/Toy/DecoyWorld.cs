namespace Madtp.Kit.Data.Toy;

/// <summary>Writes the world with decoys: pictures once, and the annotations of corpus A and of corpus B about them, each in the
/// forms of NLVR2, COCO captions, Flickr30k and VQA v2. The folders <c>a</c> and <c>b</c> are whole data folders; their images
/// are links to the same files.</summary>
public static class DecoyWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 1;

    private const ulong CaptionStream = 2_100; // keeps what is said apart from what is drawn
    private static readonly ThingKind[] Corpora = Enum.GetValues<ThingKind>();

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
    /// <exception cref="IOException">Files of another's are there.</exception>
    public static (WorldStamp Stamp, bool IsNew) Make(
        string folder, ToyWorldSettings settings, int trainImages = 6_000, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        string[] corpora = [Path.Combine(folder, "a"), Path.Combine(folder, "b")];
        var (images, world) = (Path.Combine(folder, "images"), $"{Generator} {settings} with {trainImages} images");
        return WorldStamp.MakeOnce(Path.Combine(folder, "stamp.json"), world, [.. corpora, images], () =>
        {
            Array.ForEach(corpora, corpus => Prepare(corpus, images));
            var painter = new Painter(
                settings.Images + PictureFiles.Splits.Sum(
                    split => Count(trainImages, split, true) + Count(trainImages, split, false)), progress, cancellation);
            PairFiles.Write(
                PairWorld.Decoys, settings, Path.Combine(images, "nlvr2"), painter,
                Array.ConvertAll(corpora, corpus => Path.Combine(corpus, "nlvr2")));
            PictureFiles.Write(
                images, images, painter, corpora, (split, isCoco) => Pictures(settings.Seed, trainImages, split, isCoco));
        });
    }

    // How many pictures COCO or Flickr30k has in a split.
    private static int Count(int trainImages, string split, bool isCoco) =>
        Math.Max(1, (split == "train" ? trainImages : trainImages / 12) / (isCoco ? 1 : 2));

    // The vocabulary and folders of a corpus.
    private static void Prepare(string corpus, string images)
    {
        Array.ForEach([.. PictureFiles.Folders, "nlvr2"], name => Directory.CreateDirectory(Path.Combine(corpus, name)));
        AtomicFile.Write(Path.Combine(corpus, "vocab.txt"), PairWorld.Decoys.VocabularyFile);
        foreach (var (name, linked) in Links)
        {
            Directory.CreateDirectory(Path.Combine(images, linked));
            var link = Path.Combine(corpus, name);
            if (!Directory.Exists(link))
                Directory.CreateSymbolicLink(link, Path.Combine("..", "..", "images", linked));
        }
    }

    // The pictures of a split with what each corpus says of and asks about them.
    private static DrawnPicture[][] Pictures(ulong seed, int trainImages, string split, bool isCoco)
    {
        var (first, set) = (PictureFiles.FirstId(split, isCoco), (isCoco ? 5 : 8) + Array.IndexOf(PictureFiles.Splits, split));
        DecoyScene[] scenes =
            [.. Enumerable.Range(0, Count(trainImages, split, isCoco)).Select(i => DecoyScene.Draw(seed, set, i))];
        return Array.ConvertAll(Corpora, kind => scenes.Select((scene, i) =>
        {
            var random = new SeededRandom(SeededRandom.SeedFor(seed, CaptionStream + (ulong)kind, (ulong)(first + i)));
            return new DrawnPicture(
                first + i, scene, DecoyCaptions.Draw(scene, kind, random), DecoyCaptions.Ask(scene, kind, random));
        }).ToArray());
    }
}
