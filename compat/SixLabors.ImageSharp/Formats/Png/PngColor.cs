namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>PNG's colour types, by their numbers in the file.</summary>
internal enum PngColor
{
    Gray = 0,
    Rgb = 2,
    Palette = 3,
    GrayAlpha = 4,
    Rgba = 6,
}
