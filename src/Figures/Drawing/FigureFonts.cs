using SkiaSharp;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>
/// The fonts that figures are written with: <c>KIT_FONT</c>, or a usual sans-serif of the machine. This build of Skia knows no
/// fonts by name, so their files are looked for. Without one, figures come without words, which is said once.
/// </summary>
internal static class FigureFonts
{
    private static readonly string[] RegularFiles = ["DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf"];
    private static readonly string[] BoldFiles = ["DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf"];

    private static readonly string[] Folders =
    [
        "/usr/share/fonts", "/usr/local/share/fonts", Home(".fonts"), Home(".local/share/fonts"),
        Path.Combine(Environment.GetEnvironmentVariable("CONDA_PREFIX") ?? "", "fonts"),
        "/Library/Fonts", "/System/Library/Fonts/Supplemental", @"C:\Windows\Fonts",
    ];

    private static readonly Lazy<SKTypeface> Regular = new(() => Chosen() ?? Find(RegularFiles) ?? WithoutWords());
    private static readonly Lazy<SKTypeface> Bold = new(() => Chosen() ?? Find(BoldFiles) ?? Regular.Value);

    /// <summary>Whether words can be written at all.</summary>
    public static bool HasWords => Regular.Value.GlyphCount > 0;

    /// <summary>The font of a size in pixels; letters stand where they are reckoned, at any scale.</summary>
    public static SKFont Of(float size, bool bold) => new(bold ? Bold.Value : Regular.Value, size)
    {
        Edging = SKFontEdging.Antialias,
        Hinting = SKFontHinting.None,
        LinearMetrics = true,
        Subpixel = true,
    };

    private static SKTypeface? Chosen()
        => Environment.GetEnvironmentVariable("KIT_FONT") is not { Length: > 0 } chosen ? null
            : SKTypeface.FromFile(chosen)
                ?? throw new InvalidOperationException($"KIT_FONT is '{chosen}', which is no font: name a TrueType file");

    private static SKTypeface? Find(string[] names)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 4 };
        return Folders.Where(folder => Path.IsPathRooted(folder) && Directory.Exists(folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.ttf", options))
            .Where(file => names.Contains(Path.GetFileName(file)))
            .OrderBy(file => (Array.IndexOf(names, Path.GetFileName(file)), file))
            .Select(file => SKTypeface.FromFile(file))
            .FirstOrDefault(face => face is not null);
    }

    private static SKTypeface WithoutWords()
    {
        Console.Error.WriteLine(
            "warning: no font was found, so figures come without words: install one (apt-get install fonts-dejavu-core) "
            + "or name a TrueType file in KIT_FONT");
        return SKTypeface.Default;
    }

    private static string Home(string folder)
        => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), folder);
}
