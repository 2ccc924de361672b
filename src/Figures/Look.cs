using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>The one look of every drawing.</summary>
internal static class Look
{
    public const float Edge = 12;
    public const float Gap = 10;
    public const float TitleSize = 16;
    public static readonly SKColor Title = SKColor.Parse("#1f2933");
    public static readonly SKColor Text = SKColor.Parse("#3e4c59");
    public static readonly SKColor Quiet = SKColor.Parse("#616e7c");
}
