namespace Madtp.Kit.Figures.Drawing;

/// <summary>The fonts pixels are drawn with: <c>KIT_FONT</c>, or a usual sans-serif of the machine.</summary>
internal static class FigureFonts
{
    private static readonly string[] Folders =
    [
        "/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF", "/usr/share/fonts/truetype/liberation", "/usr/share/fonts/liberation-sans",
        "/Library/Fonts", "/System/Library/Fonts/Supplemental", @"C:\Windows\Fonts",
    ];

    private static readonly Lazy<TrueTypeFont?> RegularFont = new(() => Find("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf"));
    private static readonly Lazy<TrueTypeFont?> BoldFont = new(() => Find("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf"));

    /// <summary>The font of a weight; null where the machine has none.</summary>
    public static TrueTypeFont? Of(bool bold) => bold ? BoldFont.Value ?? RegularFont.Value : RegularFont.Value;

    private static TrueTypeFont? Find(params string[] names)
    {
        if (Environment.GetEnvironmentVariable("KIT_FONT") is { Length: > 0 } chosen)
        {
            return TrueTypeFont.TryLoad(chosen);
        }

        var files = from folder in Folders from name in names select Path.Combine(folder, name);
        return files.Select(TrueTypeFont.TryLoad).FirstOrDefault(font => font is not null);
    }
}
