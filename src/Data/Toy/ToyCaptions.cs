namespace Madtp.Kit.Data.Toy;

/// <summary>What the toy world's captioned scenes are made of. Equal settings give equal scenes and words.</summary>
/// <param name="DevImages">Scenes to choose by, each with another set of shapes.</param>
/// <param name="TestImages">Scenes to report, each with another set of shapes.</param>
public sealed record ToyCaptionSettings(
    ulong Seed = 1, int TrainImages = 6000, int DevImages = 200, int TestImages = 300, int CaptionsPerImage = 5)
{
    /// <summary>Kinds of sets of one to three shapes of 15 classes: no split can hold more scenes that all differ.</summary>
    public const int DifferentScenes = 15 + 120 + 680;

    /// <summary>Those of Flickr30k beside these of COCO: other scenes, and half as many to train on.</summary>
    public ToyCaptionSettings ForFlickr() => this with { Seed = SeededRandom.SeedFor(Seed, 30), TrainImages = TrainImages / 2 };

    internal int Images => TrainImages + DevImages + TestImages;

    /// <summary>The usual proportions for another number of training images.</summary>
    /// <param name="trainImages">COCO's, at least 60; val and test keep their proportions to them.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static ToyCaptionSettings Scaled(ulong seed, int trainImages)
    {
        Guard.Argument(trainImages >= 60, $"{trainImages} images: give at least 60", nameof(trainImages));
        var usual = new ToyCaptionSettings(seed);
        int Held(int images) => Math.Min(images * trainImages / usual.TrainImages, DifferentScenes);
        return usual with { TrainImages = trainImages, DevImages = Held(usual.DevImages), TestImages = Held(usual.TestImages) };
    }

    /// <summary>The splits by the names Karpathy gives them, each with its images and whether all must differ.</summary>
    internal (int Number, int Images, bool Differ) Split(string split) =>
        Array.IndexOf(PictureFiles.Splits, split) is >= 0 and var number
            ? (number, new[] { TrainImages, DevImages, TestImages }[number], number > 0)
            : throw new ArgumentException(
                $"the toy world has no captioned split '{split}'; it has train, val, test", nameof(split));
}

/// <summary>The captioned scenes of the toy world's COCO, Flickr30k and VQA.</summary>
public static class ToyPictures
{
    private const int QuestionsEach = 4;
    private const ulong FirstSplit = 16; // so that no split repeats the scenes of other toy data
    private const ulong QuestionStream = 1_000; // keeps these choices apart from all others of the same seed

    /// <summary>The pictures of a split, numbered one after the other. In <c>val</c> and <c>test</c> no two scenes show the same
    /// set of shapes, so that every caption fits one scene alone.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    /// <param name="firstId">The first picture's number; COCO's if null.</param>
    /// <exception cref="ArgumentException">There is no such split, or it asks for more scenes than there are.</exception>
    public static DrawnPicture[] DrawSplit(string split, ToyCaptionSettings? settings = null, int? firstId = null)
    {
        settings ??= new ToyCaptionSettings();
        var (number, images, differ) = settings.Split(split);
        Guard.Argument(!differ || images <= ToyCaptionSettings.DifferentScenes,
            $"{images} scenes for '{split}', but only {ToyCaptionSettings.DifferentScenes} sets of shapes differ",
            nameof(settings));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var drawn = new List<DrawnPicture>(images);
        for (ulong place = 0; drawn.Count < images; place++)
        {
            var random = new SeededRandom(SeededRandom.SeedFor(settings.Seed, FirstSplit + (ulong)number, place));
            var scene = ToyScene.Draw(random);
            if (!differ || seen.Add(string.Join(' ', scene.Objects.Select(item => item.Class).Order())))
            {
                var captions = ToyCaptions.Draw(scene, random, settings.CaptionsPerImage);
                var id = (firstId ?? PictureFiles.FirstId(split)) + drawn.Count;
                var asking = new SeededRandom(SeededRandom.SeedFor(settings.Seed, QuestionStream, (ulong)id));
                var questions = ToyQuestions.Ask(scene, QuestionsEach, asking);
                drawn.Add(new DrawnPicture(id, scene, captions, ToyQuestions.Answered(questions, asking)));
            }
        }

        return [.. drawn];
    }
}

/// <summary>Says in a caption everything that a scene shows: all its shapes, often its ground, sometimes how two shapes stand to
/// each other. And understands such a caption.</summary>
public static class ToyCaptions
{
    private const double Clear = 8; // pixels: centres that are nearer are neither above nor beside one another

    private static readonly string[] Counts = ["", "a", "two", "three"];

    /// <summary>A caption in one of several forms.</summary>
    public static string Say(ToyScene scene, SeededRandom random)
    {
        var ground = scene.GroundWord;
        var things = Listed(scene.Objects, random);
        var verb = scene.Objects.Count == 1 ? "is" : "are";
        return random.Next(5) switch
        {
            0 => $"{things} on a {ground} ground.",
            1 => $"There {verb} {things} on a {ground} background.",
            2 => $"The picture shows {things}.",
            3 => $"A {ground} ground with {things}.",
            _ => Related(scene, random) ?? $"A picture of {things}.",
        };
    }

    /// <summary>Several captions of a scene, no two of them the same words where the scene allows it.</summary>
    public static IReadOnlyList<string> Draw(ToyScene scene, SeededRandom random, int count)
    {
        var captions = new List<string>(count);
        for (var attempt = 0; captions.Count < count; attempt++)
        {
            var caption = Say(scene, random);
            if (attempt > 10 * count || !captions.Contains(caption))
                captions.Add(caption);
        }

        return captions;
    }

    /// <summary>The shapes that a caption names, sorted, each as often as it is said to be there: "blue square, red circle, red
    /// circle".</summary>
    /// <param name="caption">Its words; "two red circles and a blue square on a plain ground".</param>
    public static string ShapesIn(string caption)
    {
        var words = caption.ToLowerInvariant().Split([' ', ',', '.'], StringSplitOptions.RemoveEmptyEntries);
        var named = new List<string>();
        for (var i = 0; i + 2 < words.Length; i++)
        {
            var (count, color, shape) =
                (Array.IndexOf(Counts, words[i] == "one" ? "a" : words[i]), words[i + 1], words[i + 2].TrimEnd('s'));
            if (count > 0 && ToyObject.Colors.Contains(color) && ToyObject.Forms.Contains(shape))
                named.AddRange(Enumerable.Repeat($"{color} {shape}", count));
        }

        return string.Join(", ", named.Order(StringComparer.Ordinal));
    }

    // "two red circles and a blue square"
    private static string Listed(IEnumerable<ToyObject> objects, SeededRandom random)
    {
        string[] groups =
        [
            .. objects.GroupBy(item => item.Words).Select(
                group => $"{Counts[group.Count()]} {(group.Count() > 1 ? group.Key.Plural() : group.Key)}"),
        ];
        random.Shuffle(groups.AsSpan());
        return Joined(groups);
    }

    /// <summary>"a, b and c".</summary>
    internal static string Joined(string[] things) =>
        things.Length == 1 ? things[0] : $"{string.Join(", ", things[..^1])} and {things[^1]}";

    // "a red circle above a blue square, and a green triangle"; null where no two shapes stand clearly to each other
    private static string? Related(ToyScene scene, SeededRandom random)
    {
        ToyObject[] objects = [.. scene.Objects];
        random.Shuffle(objects.AsSpan());
        if (objects.Length < 2 || Where(objects[0], objects[1], random) is not { } where)
            return null;

        var rest = objects.Length == 2 ? "" : $", and a {objects[2].Words}";
        return $"A {objects[0].Words} {where} a {objects[1].Words}{rest}.";
    }

    private static string? Where(ToyObject first, ToyObject second, SeededRandom random)
    {
        var (right, down) = (first.X - second.X, first.Y - second.Y);
        var beside = Math.Abs(right) < Clear ? null : right > 0 ? "to the right of" : "to the left of";
        var above = Math.Abs(down) < Clear ? null : down > 0 ? "below" : "above";
        return beside is null ? above : above is null ? beside : random.Chance(0.5) ? beside : above;
    }
}
