using System.Globalization;

namespace Madtp.Kit.Figures.Charts;

/// <summary>One mark of an axis.</summary>
/// <param name="At">Its place along the axis, 0 to 1.</param>
/// <param name="Label">What it says; empty for a line without a label.</param>
internal readonly record struct Tick(double At, string Label);

/// <summary>From values to places along an axis, 0 at its beginning and 1 at its end.</summary>
internal abstract class Scale
{
    /// <summary>Whether the axis counts; words stand side by side.</summary>
    public abstract bool IsNumeric { get; }

    /// <summary>Where a value stands; not a number where it cannot.</summary>
    public abstract double Place(Datum value);

    /// <summary>The ticks, with about so many labels.</summary>
    public abstract IReadOnlyList<Tick> Ticks(int about);

    public double Place(double value) => Place(Datum.Of(value));
}

/// <summary>Equal steps.</summary>
internal sealed class LinearScale(double from, double to) : Scale
{
    public override bool IsNumeric => true;

    public double From => from;

    public double To => to;

    public override double Place(Datum value) => value.Text is null || double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        ? ((value.Text is null ? value.Number : double.Parse(value.Text, CultureInfo.InvariantCulture)) - from) / (to - from)
        : double.NaN;

    public override IReadOnlyList<Tick> Ticks(int about)
    {
        var step = NiceStep.For(Math.Abs(to - from), about);
        var (low, high) = (Math.Min(from, to), Math.Max(from, to));
        var ticks = new List<Tick>();
        var first = (long)Math.Ceiling((low / step) - 1e-9);
        var last = (long)Math.Floor((high / step) + 1e-9);
        for (var i = first; i <= last; i++)
        {
            ticks.Add(new Tick(Place(i * step), NumberLabel.Of(i * step, step)));
        }

        return ticks;
    }
}

/// <summary>Equal factors.</summary>
internal sealed class LogScale(double from, double to) : Scale
{
    /// <summary>From one power of ten to another.</summary>
    public override bool IsNumeric => true;

    public override double Place(Datum value) => value.Number > 0 ? (Math.Log10(value.Number) - from) / (to - from) : double.NaN;

    public override IReadOnlyList<Tick> Ticks(int about)
    {
        var (low, high) = (Math.Min(from, to), Math.Max(from, to));
        var decades = high - low;
        int[] steps = decades <= 1.2 ? [1, 2, 3, 5, 7] : decades <= 3 ? [1, 2, 5] : [1];
        var every = decades > about ? (int)Math.Ceiling(decades / about) : 1;
        var ticks = new List<Tick>();
        for (var power = (int)Math.Floor(low); power <= Math.Ceiling(high); power++)
        {
            foreach (var step in steps)
            {
                var at = power + Math.Log10(step);
                if (at >= low - 1e-9 && at <= high + 1e-9)
                {
                    var value = step * Math.Pow(10, power);
                    ticks.Add(new Tick((at - from) / (to - from), power % every == 0 ? NumberLabel.Of(value, value) : ""));
                }
            }
        }

        return ticks;
    }
}

/// <summary>Words side by side, each in the middle of its share.</summary>
internal sealed class CategoryScale : Scale
{
    private readonly Dictionary<string, int> places = [];
    private readonly bool reversed;

    public CategoryScale(IEnumerable<string> words, bool reversed)
    {
        this.reversed = reversed;
        foreach (var word in words)
        {
            places.TryAdd(word, places.Count);
        }
    }

    public override bool IsNumeric => false;

    public int Count => Math.Max(1, places.Count);

    public IReadOnlyCollection<string> Words => places.Keys;

    public override double Place(Datum value)
    {
        // A number that is no word of the axis counts the places, as notes on heat maps do.
        var at = places.TryGetValue(value.Label, out var place) ? place : value.Text is null ? value.Number : double.NaN;
        at = (at + 0.5) / Count;
        return reversed ? 1 - at : at;
    }

    public override IReadOnlyList<Tick> Ticks(int about) => [.. places.Keys.Select(word => new Tick(Place(new Datum(double.NaN, word)), word))];
}
