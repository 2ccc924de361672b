using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>A panel in its place: where each value is drawn.</summary>
internal sealed record Plot(Panel Panel, PanelScales Scales, Box Area)
{
    public double X(Datum value) => Area.X + (Scales.X.Place(value) * Area.Width);

    public double Y(Datum value) => Area.Bottom - (Scales.Y.Place(value) * Area.Height);

    public double X(double value) => X(Datum.Of(value));

    public double Y(double value) => Y(Datum.Of(value));
}
