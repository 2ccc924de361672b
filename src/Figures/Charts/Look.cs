using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>The one look of every figure.</summary>
internal static class Look
{
    public static readonly Ink Title = Ink.Hex("#1f2933");
    public static readonly Ink Text = Ink.Hex("#3e4c59");
    public static readonly Ink Quiet = Ink.Hex("#616e7c");
    public static readonly Ink Axis = Ink.Hex("#9aa5b1");
    public static readonly Ink Grid = Ink.Hex("#e8ecf0");
    public static readonly Ink Empty = Ink.Hex("#eef1f4");

    public const double TitleSize = 16;
    public const double PanelTitleSize = 13;
    public const double AxisTitleSize = 12.5;
    public const double TickSize = 11.5;
    public const double LegendSize = 12;

    /// <summary>Distinguishable to colour-blind eyes too, on paper and on screen (after Okabe and Ito).</summary>
    private static readonly Ink[] Palette =
    [
        Ink.Hex("#0072b2"), Ink.Hex("#d55e00"), Ink.Hex("#009e73"), Ink.Hex("#cc79a7"), Ink.Hex("#e69f00"), Ink.Hex("#56b4e9"), Ink.Hex("#6b7280"), Ink.Hex("#8c564b"),
    ];

    /// <summary>The colour of the n-th series.</summary>
    public static Ink Series(int index) => Palette[index % Palette.Length];
}
