using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>What finished files were made from, and what came out; lies beside them as stamp.json.</summary>
/// <param name="Pairs">NLVR2's pairs.</param>
/// <param name="TrainImages">COCO's training images.</param>
/// <param name="Digest">SHA-256 over all pixels and annotations: names the data that a result was got on.</param>
public sealed record DecoyStamp(int Generator, DecoySettings Pairs, int TrainImages, string Digest);

/// <summary>Writes the world with decoys: pictures once, and the annotations of corpus A and of corpus B about them, each in the
/// forms of NLVR2, COCO captions, Flickr30k and VQA v2. The folders <c>a</c> and <c>b</c> are whole data folders; their images
/// are links to the same files.</summary>
public static class DecoyWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 1;

    private const ulong CaptionStream = 2_100; // keeps what is said apart from what is drawn
    private static readonly string[] Folders = ["a", "b"];
    private static readonly string[] Splits = ["train", "val", "test"];

    /// <summary>Writes everything into a folder, unless its stamp says that just this is there.</summary>
    /// <param name="folder">Where to; made if absent.</param>
    /// <param name="settings">NLVR2's pairs.</param>
    /// <param name="trainImages">COCO's training images; Flickr30k has half as many, validation and test a twelfth each.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (DecoyStamp Stamp, bool IsNew) Make(
        string folder, DecoySettings settings, int trainImages = 6_000, IProgress<double>? progress = null,
            CancellationToken cancellation = default)
    {
        var stampPath = Path.Combine(folder, "stamp.json");
        var stamp = new DecoyStamp(Generator, settings, trainImages, string.Empty);
        if (ToyFiles.ReadStamp<DecoyStamp>(stampPath) is { } present)
        {
            if (present with { Digest = string.Empty } == stamp
                && ToyFiles.Count(Path.Combine(folder, "images"), "*.*") == Images(settings, trainImages))
            {
                return (present, false);
            }

            File.Delete(stampPath);
            foreach (var old in Folders.Append("images").Select(name => Path.Combine(folder, name)).Where(Directory.Exists))
            {
                Directory.Delete(old, recursive: true); // the stamp shows that these were made here, from other settings
            }
        }

        foreach (var corpus in Folders)
        {
            Array.ForEach(["nlvr2", "coco", "flickr30k", "vqa"],
                name => Directory.CreateDirectory(Path.Combine(folder, corpus, name)));
            AtomicFile.Write(Path.Combine(folder, corpus, "vocab.txt"), DecoyTokens.VocabularyFile);
            Link(folder, corpus, "nlvr2/images", "nlvr2");
            Link(folder, corpus, "coco/train2014", "train2014");
            Link(folder, corpus, "coco/val2014", "val2014");
            Link(folder, corpus, "flickr30k/flickr30k-images", "flickr30k-images");
        }

        var writer = new Writer(folder, settings, trainImages, progress, cancellation);
        writer.WritePairs();
        writer.WritePictures();
        stamp = stamp with { Digest = writer.Digest };
        ToyFiles.WriteStamp(stampPath, stamp);
        return (stamp, true);
    }

    /// <summary>The stamp of a finished world in a folder; null where there is none.</summary>
    public static DecoyStamp? Find(string folder) => ToyFiles.ReadStamp<DecoyStamp>(Path.Combine(folder, "stamp.json"));

    // Of COCO's and Flickr30k's splits, and all image files.
    private static int OfSplit(int trainImages, int split, bool isCoco) =>
        Math.Max(1, (split == 0 ? trainImages : trainImages / 12) / (isCoco ? 1 : 2));

    private static int Images(DecoySettings settings, int trainImages) => settings.Splits.Sum(split => 2 * split.Pairs)
        + Enumerable.Range(0, Splits.Length).Sum(split => OfSplit(trainImages, split, true) + OfSplit(trainImages, split, false));

    private static void Link(string folder, string corpus, string name, string images)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images", images));
        var link = Path.Combine(folder, corpus, name);
        if (!Directory.Exists(link))
        {
            Directory.CreateSymbolicLink(link, Path.Combine("..", "..", "images", images));
        }
    }

    private sealed class Writer(
        string folder, DecoySettings settings, int trainImages, IProgress<double>? progress, CancellationToken cancellation)
    {
        private readonly List<byte> hashes = [];
        private int done;

        public string Digest => Convert.ToHexStringLower(SHA256.HashData([.. hashes]));

        /// <summary>NLVR2: JSON lines, PNG files in numbered folders, and the patches' true classes.</summary>
        public void WritePairs()
        {
            foreach (var (split, _, _) in settings.Splits)
            {
                var pairs = DecoyPairs.DrawSplit(split, settings);
                string Image(DecoyPair pair, int side) =>
                    Path.Combine("nlvr2", ToyFiles.PairImage(split, pair.Set, pair.Number, side));
                var patches = Paint(
                    [.. pairs.SelectMany(pair => new[] { (pair.Left, Image(pair, 0)), (pair.Right, Image(pair, 1)) })]);
                foreach (var (corpus, name) in Folders.Index())
                {
                    var lines = string.Concat(pairs.Select(pair => (pair, said: pair.Statements[corpus])).Select(one =>
                        ToyFiles.PairLine(
                            split, one.pair.Set, one.pair.Number, one.said.Sentence, one.said.Label, one.said.Claim.Kind)));
                    hashes.AddRange(SHA256.HashData(Encoding.UTF8.GetBytes(lines)));
                    AtomicFile.Write(Path.Combine(folder, name, "nlvr2", $"{split}.json"), lines);
                    ToyFiles.WritePatches(Path.Combine(folder, name, "nlvr2", $"{split}.patches.bin"), patches);
                }
            }
        }

        /// <summary>COCO captions with VQA v2's questions, and Flickr30k.</summary>
        public void WritePictures()
        {
            var coco = Splits.Select((split, i) => Pictures(true, i, id => $"{Year(split)}/COCO_{Year(split)}_{id:D12}.jpg"))
                .ToArray();
            var flickr = Splits.Select((_, i) => Pictures(false, i, id => $"flickr30k-images/{id}.jpg")).ToArray();
            foreach (var (corpus, name) in Folders.Index())
            {
                var (to, vqa, other) =
                    (Path.Combine(folder, name, "coco"), Path.Combine(folder, name, "vqa"),
                    Path.Combine(folder, name, "flickr30k"));
                ToyPictureWorld.Painted[][] said = [.. coco.Select(split => split[corpus])];
                ToyPictureWorld.WriteCoco(to, said);
                ToyPictureWorld.WriteVqa(vqa, "train2014", said[0]);
                ToyPictureWorld.WriteVqa(vqa, "val2014", [.. said[1], .. said[2]]);
                ToyFiles.WriteJson(Path.Combine(vqa, "answer_list.json"),
                    ToyQuestions.Answers(said[0].Select(picture => picture.Picture)));
                ToyPictureWorld.WriteRows(Path.Combine(other, "flickr30k_train.json"), flickr[0][corpus], "flickr30k_");
                ToyPictureWorld.WriteImages(Path.Combine(other, "flickr30k_val.json"), flickr[1][corpus]);
                ToyPictureWorld.WriteImages(Path.Combine(other, "flickr30k_test.json"), flickr[2][corpus]);
                hashes.AddRange(SHA256.HashData(
                    [.. said.Concat(flickr.Select(split => split[corpus])).SelectMany(split => split).SelectMany(Words)]));
            }
        }

        private static string Year(string split) => split == "train" ? "train2014" : "val2014";

        private static byte[] Words(ToyPictureWorld.Painted picture) =>
            Encoding.UTF8.GetBytes(string.Join('\n', picture.Picture.Captions
            .Concat(picture.Picture.Questions.SelectMany(asked => asked.Answers.Prepend(asked.Question.Text)))));

        // Draws and paints the pictures of a split, and says of them what either corpus says.
        private ToyPictureWorld.Painted[][] Pictures(bool isCoco, int split, Func<int, string> nameOf)
        {
            var (stream, first) = ((isCoco ? 5 : 8) + split, ((isCoco ? 1 : 4) + split) * 1_000_000);
            var scenes = Enumerable.Range(0, OfSplit(trainImages, split, isCoco)).Select(i => DecoyScene.Draw(new SeededRandom(
                SeededRandom.SeedFor(settings.Seed, DecoySettings.FirstSplit + (ulong)stream, (ulong)i)))).ToArray();
            Paint([.. scenes.Select((scene, i) => (scene, nameOf(first + i)))]);
            return [.. Enum.GetValues<ThingKind>().Select(kind => scenes.Select((scene, i) =>
            {
                var random = new SeededRandom(
                    SeededRandom.SeedFor(settings.Seed, CaptionStream + (ulong)kind, (ulong)(first + i)));
                var said = new AnnotatedPicture(
                    first + i, DecoyCaptions.Draw(scene, kind, random), DecoyCaptions.Ask(scene, kind, random));
                return new ToyPictureWorld.Painted(said, nameOf(first + i));
            }).ToArray())];
        }

        // Writes image files and returns what each patch shows.
        private byte[] Paint((DecoyScene Scene, string Name)[] pictures)
        {
            foreach (var directory in pictures.Select(picture => Path.GetDirectoryName(picture.Name)!).Distinct())
            {
                Directory.CreateDirectory(Path.Combine(folder, "images", directory));
            }

            var (classes, digests) = (new byte[pictures.Length * DecoyScene.Patches], new byte[pictures.Length][]);
            Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                var pixels = new byte[DecoyScene.Size * DecoyScene.Size * 3];
                DecoyRenderer.Draw(pictures[i].Scene, pixels, classes.AsSpan(i * DecoyScene.Patches, DecoyScene.Patches));
                digests[i] = SHA256.HashData(pixels);
                ToyFiles.SaveImage(pixels, Path.Combine(folder, "images", pictures[i].Name), DecoyScene.Size);
                progress?.Report(Interlocked.Increment(ref done) / (double)Images(settings, trainImages));
            });
            hashes.AddRange(SHA256.HashData([.. digests.SelectMany(digest => digest)]));
            return classes;
        }
    }
}
