namespace Madtp.Kit.Data.Toy;

/// <summary>Makes the toy world, once, in the forms that the real data sets are published in.</summary>
public static class ToyWorld
{
    // Each grows by one whenever the same settings give other files.
    private const int PairsGenerator = 3;
    private const int PicturesGenerator = 1;

    /// <summary>NLVR2: writes <c>vocab.txt</c> and the folder <c>nlvr2</c>, unless its stamp says that just these files are
    /// there.</summary>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    /// <exception cref="IOException">Files of another's are there.</exception>
    public static (WorldStamp Stamp, bool IsNew) MakePairs(
        string folder, ToyWorldSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        var (nlvr2, vocabulary) = (Path.Combine(folder, "nlvr2"), Path.Combine(folder, "vocab.txt"));
        if (File.Exists(vocabulary) && File.ReadAllText(vocabulary) != PairWorld.Toy.VocabularyFile)
            throw new IOException($"{vocabulary} is another vocabulary: move it away, or name another folder");

        var made = WorldStamp.MakeOnce(PairsStamp(folder), $"{PairsGenerator} {settings}", [nlvr2], () => PairFiles.Write(
            PairWorld.Toy, settings, Path.Combine(nlvr2, "images"), new Painter(settings.Images, progress, cancellation), nlvr2));
        AtomicFile.Write(vocabulary, PairWorld.Toy.VocabularyFile);
        return made;
    }

    /// <summary>COCO, Flickr30k and VQA v2: writes the folders <c>coco</c>, <c>flickr30k</c> and <c>vqa</c>, unless their stamp
    /// says that just these files are there.</summary>
    /// <inheritdoc cref="MakePairs"/>
    public static (WorldStamp Stamp, bool IsNew) MakePictures(
        string folder, ToyCaptionSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        string[] folders = [.. PictureFiles.Folders.Select(name => Path.Combine(folder, name))];
        return WorldStamp.MakeOnce(PicturesStamp(folder), $"{PicturesGenerator} {settings}", folders, () => PictureFiles.Write(
            folders[0], folders[1], new Painter(settings.Images + settings.ForFlickr().Images, progress, cancellation), [folder],
            (split, isCoco) =>
                [ToyPictures.DrawSplit(split, isCoco ? settings : settings.ForFlickr(), PictureFiles.FirstId(split, isCoco))]));
    }

    /// <summary>How many of the two are finished in a folder: <see cref="MakePairs"/> and <see cref="MakePictures"/>.</summary>
    public static int CountFinished(string folder) =>
        new[] { PairsStamp(folder), PicturesStamp(folder) }.Count(path => WorldStamp.Read(path) is not null);

    private static string PairsStamp(string folder) => Path.Combine(folder, "nlvr2", "stamp.json");

    private static string PicturesStamp(string folder) => Path.Combine(folder, "coco", "stamp.json");
}

/// <summary>Drawn pairs in NLVR2's form.</summary>
internal static class PairFiles
{
    // NLVR2 spreads its training images over numbered folders; so many sets share one here.
    private const int SetsPerDirectory = 100;

    /// <summary>Draws and writes all splits: PNG files, and of each corpus JSON lines and the patches' true classes.</summary>
    /// <param name="images">The folder of the pictures.</param>
    /// <param name="corpora">The folder of each corpus.</param>
    public static void Write(
        PairWorld world, ToyWorldSettings settings, string images, Painter painter, params string[] corpora)
    {
        static (int Set, int Number) Place(int pair) => Math.DivRem(pair, PairWorld.PerSet);
        foreach (var (split, _, _) in settings.Splits)
        {
            string Name(int image) => Place(image / 2) is var (set, number) ? Path.Combine(
                split, split == "train" ? $"{set / SetsPerDirectory}" : "", $"{split}-{set}-{number}-img{image % 2}.png") : "";
            var pairs = world.DrawSplit(split, settings);
            var scenes = pairs.SelectMany(pair => new[] { pair.Left, pair.Right });
            var patches = painter.Paint(images, [.. scenes.Select((scene, image) => (scene, Name(image)))]);
            foreach (var (corpus, folder) in corpora.Index())
            {
                var lines = pairs.Select((pair, number) =>
                    JsonSerializer.Serialize(Line(split, Place(number), pair.Statements[corpus])) + "\n");
                AtomicFile.Write(Path.Combine(folder, $"{split}.json"), string.Concat(lines));
                AtomicFile.Write(Path.Combine(folder, $"{split}.patches.bin"), stream => stream.Write(patches));
            }
        }
    }

    private static Dictionary<string, object> Line(string split, (int Set, int Number) place, Statement said)
    {
        var line = new Dictionary<string, object>
        {
            ["sentence"] = said.Sentence,
            ["label"] = said.Label ? "True" : "False",
            ["synset"] = said.Kind,
            ["identifier"] = $"{split}-{place.Set}-{place.Number}-0",
        };
        if (split == "train")
            line["directory"] = place.Set / SetsPerDirectory;

        return line;
    }
}
