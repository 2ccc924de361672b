
namespace Madtp.Kit.Data.Toy;

/// <summary>A scene and what is said of it.</summary>
/// <param name="Scene">The scene.</param>
/// <param name="Captions">Its captions.</param>
public sealed record ToyCaptionedScene(ToyScene Scene, IReadOnlyList<string> Captions)
{
    // Splits are numbered from here, so that they never repeat the scenes of other toy data.
    private const ulong FirstSplit = 16;

    /// <summary>
    /// Draws a split. In <c>val</c> and <c>test</c> no two scenes show the same set of shapes, so that every caption fits one scene alone.
    /// </summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    /// <exception cref="ArgumentException">There is no such split, or it asks for more different scenes than there are.</exception>
    public static IReadOnlyList<ToyCaptionedScene> DrawSplit(string split, ToyCaptionSettings? settings = null)
    {
        settings ??= new ToyCaptionSettings();
        var (number, images, differ) = settings.Split(split);
        if (differ && images > ToyCaptionSettings.DifferentScenes)
        {
            throw new ArgumentException($"{images} scenes for '{split}', but only {ToyCaptionSettings.DifferentScenes} sets of shapes differ", nameof(settings));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var drawn = new List<ToyCaptionedScene>(images);
        for (ulong place = 0; drawn.Count < images; place++)
        {
            var random = new SeededRandom(SeededRandom.SeedFor(settings.Seed, FirstSplit + (ulong)number, place));
            var scene = ToySceneGenerator.Draw(random);
            if (!differ || seen.Add(Shapes(scene)))
            {
                drawn.Add(new ToyCaptionedScene(scene, ToyCaptions.Draw(scene, random, settings.CaptionsPerImage)));
            }
        }

        return drawn;
    }

    private static string Shapes(ToyScene scene) => string.Join(' ', scene.Objects.Select(item => item.Class).Order());
}
