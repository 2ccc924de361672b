namespace Madtp.Kit.Data.Toy;

/// <summary>Understands captions of the toy world: which shapes are said to be there.</summary>
public static class ToyCaptionReading
{
    private static readonly Dictionary<string, int> Numbers = new(StringComparer.Ordinal)
    {
        ["a"] = 1, ["one"] = 1, ["two"] = 2, ["three"] = 3,
    };

    private static readonly HashSet<string> Colors = [.. Enum.GetValues<ToyColor>().Select(ToyWords.Of)];
    private static readonly HashSet<string> Shapes = [.. Enum.GetValues<ToyShape>().Select(ToyWords.Of)];

    /// <summary>
    /// The shapes that a caption names, sorted, each as often as it is said to be there: "blue square, red circle, red circle".
    /// </summary>
    /// <param name="caption">Its words; "two red circles and a blue square on a plain ground".</param>
    public static string ShapesIn(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        var words = caption.ToLowerInvariant().Split([' ', ',', '.'], StringSplitOptions.RemoveEmptyEntries);
        var named = new List<string>();
        for (var i = 0; i + 2 < words.Length; i++)
        {
            var shape = words[i + 2].TrimEnd('s');
            if (Numbers.TryGetValue(words[i], out var count) && Colors.Contains(words[i + 1]) && Shapes.Contains(shape))
            {
                named.AddRange(Enumerable.Repeat($"{words[i + 1]} {shape}", count));
            }
        }

        return string.Join(", ", named.Order(StringComparer.Ordinal));
    }
}
