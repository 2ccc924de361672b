namespace Plotly.NET;

/// <summary>The choices figures know, each as the word its JSON has.</summary>
public static class StyleParam
{
    public sealed class AxisType : IWritten
    {
        private readonly string json;

        private AxisType(string json) => this.json = json;

        public static AxisType Linear { get; } = new("linear");

        public static AxisType Log { get; } = new("log");

        public static AxisType Category { get; } = new("category");

        object IWritten.Json => json;
    }

    public sealed class CategoryOrder : IWritten
    {
        private readonly string json;

        private CategoryOrder(string json) => this.json = json;

        public static CategoryOrder Array { get; } = new("array");

        object IWritten.Json => json;
    }

    public class Colorscale : IWritten
    {
        private readonly object json;

        private protected Colorscale(object json) => this.json = json;

        public static Colorscale Viridis { get; } = new("Viridis");

        public static Colorscale Cividis { get; } = new("Cividis");

        public static Colorscale Greys { get; } = new("Greys");

        public static Colorscale RdBu { get; } = new("RdBu");

        public static Colorscale YIGnBu { get; } = new("YlGnBu");

        public static Colorscale NewCustom(IEnumerable<Tuple<double, Color>> item) => new(item.ToArray());

        object IWritten.Json => json;
    }

    public class DrawingStyle : IWritten
    {
        private readonly string json;

        private protected DrawingStyle(string json) => this.json = json;

        public static DrawingStyle Solid { get; } = new("solid");

        public static DrawingStyle Dash { get; } = new("dash");

        public static DrawingStyle Dot { get; } = new("dot");

        public static DrawingStyle DashDot { get; } = new("dashdot");

        object IWritten.Json => json;
    }

    public sealed class Fill : IWritten
    {
        private readonly string json;

        private Fill(string json) => this.json = json;

        public static Fill ToZero_y { get; } = new("tozeroy");

        public static Fill ToNext_y { get; } = new("tonexty");

        object IWritten.Json => json;
    }

    public sealed class GroupNorm : IWritten
    {
        private readonly string json;

        private GroupNorm(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public sealed class HistFunc : IWritten
    {
        private readonly string json;

        private HistFunc(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public sealed class HistNorm : IWritten
    {
        private readonly string json;

        private HistNorm(string json) => this.json = json;

        public static HistNorm Percent { get; } = new("percent");

        public static HistNorm Probability { get; } = new("probability");

        object IWritten.Json => json;
    }

    public sealed class LayoutGridPattern : IWritten
    {
        private readonly string json;

        private LayoutGridPattern(string json) => this.json = json;

        public static LayoutGridPattern Independent { get; } = new("independent");

        public static LayoutGridPattern Coupled { get; } = new("coupled");

        object IWritten.Json => json;
    }

    public sealed class LayoutGridRowOrder : IWritten
    {
        private readonly string json;

        private LayoutGridRowOrder(string json) => this.json = json;

        public static LayoutGridRowOrder TopToBottom { get; } = new("top to bottom");

        object IWritten.Json => json;
    }

    public sealed class LayoutGridXSide : IWritten
    {
        private readonly string json;

        private LayoutGridXSide(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public sealed class LayoutGridYSide : IWritten
    {
        private readonly string json;

        private LayoutGridYSide(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public abstract class LinearAxisId : IWritten
    {
        private readonly string json;

        private protected LinearAxisId(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public sealed class MarkerSizeMode : IWritten
    {
        private readonly string json;

        private MarkerSizeMode(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public class MarkerSymbol : IWritten
    {
        private readonly string json;

        private protected MarkerSymbol(string json) => this.json = json;

        public static MarkerSymbol Circle { get; } = new("0");

        public static MarkerSymbol Square { get; } = new("1");

        public static MarkerSymbol Diamond { get; } = new("2");

        public static MarkerSymbol Cross { get; } = new("3");

        public static MarkerSymbol X { get; } = new("4");

        public static MarkerSymbol TriangleUp { get; } = new("5");

        public static MarkerSymbol TriangleDown { get; } = new("6");

        public static MarkerSymbol Star { get; } = new("17");

        object IWritten.Json => json;
    }

    public sealed class MarkerSymbol3D : IWritten
    {
        private readonly string json;

        private MarkerSymbol3D(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public sealed class Mirror : IWritten
    {
        private readonly string json;

        private Mirror(string json) => this.json = json;

        public static Mirror All { get; } = new("all");

        object IWritten.Json => json;
    }

    public sealed class Mode : IWritten
    {
        private readonly string json;

        private Mode(string json) => this.json = json;

        public static Mode Lines { get; } = new("lines");

        public static Mode Lines_Markers { get; } = new("lines+markers");

        public static Mode Lines_Markers_Text { get; } = new("lines+markers+text");

        public static Mode Markers { get; } = new("markers");

        public static Mode Markers_Text { get; } = new("markers+text");

        public static Mode Text { get; } = new("text");

        object IWritten.Json => json;
    }

    public sealed class Orientation : IWritten
    {
        private readonly string json;

        private Orientation(string json) => this.json = json;

        public static Orientation Horizontal { get; } = new("h");

        public static Orientation Vertical { get; } = new("v");

        object IWritten.Json => json;
    }

    public sealed class PatternShape : IWritten
    {
        private readonly string json;

        private PatternShape(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public sealed class Side : IWritten
    {
        private readonly string json;

        private Side(string json) => this.json = json;

        public static Side Bottom { get; } = new("bottom");

        object IWritten.Json => json;
    }

    public sealed class SmoothAlg : IWritten
    {
        private readonly string json;

        private SmoothAlg(string json) => this.json = json;

        object IWritten.Json => json;
    }

    public class SubPlotId : IWritten
    {
        private readonly string json;

        private protected SubPlotId(string json) => this.json = json;

        public static SubPlotId NewXAxis(int item) => new(item == 1 ? "xaxis" : $"xaxis{item}");

        public static SubPlotId NewYAxis(int item) => new(item == 1 ? "yaxis" : $"yaxis{item}");

        object IWritten.Json => json;
    }

    public sealed class TextPosition : IWritten
    {
        private readonly string json;

        private TextPosition(string json) => this.json = json;

        public static TextPosition TopCenter { get; } = new("top center");

        public static TextPosition TopLeft { get; } = new("top left");

        public static TextPosition TopRight { get; } = new("top right");

        public static TextPosition MiddleLeft { get; } = new("middle left");

        public static TextPosition MiddleRight { get; } = new("middle right");

        public static TextPosition BottomCenter { get; } = new("bottom center");

        public static TextPosition BottomLeft { get; } = new("bottom left");

        public static TextPosition BottomRight { get; } = new("bottom right");

        public static TextPosition Inside { get; } = new("inside");

        public static TextPosition Outside { get; } = new("outside");

        public static TextPosition Auto { get; } = new("auto");

        object IWritten.Json => json;
    }
}
