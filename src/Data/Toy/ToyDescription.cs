namespace Madtp.Kit.Data.Toy;

/// <summary>Words that pick out shapes: "red circle", "red shape" or "circle".</summary>
/// <param name="Color">The colour, where it is said.</param>
/// <param name="Shape">The shape, where it is said.</param>
public sealed record ToyDescription(ToyColor? Color, ToyShape? Shape)
{
    /// <summary>The description of one class of objects, 1 to 15.</summary>
    /// <param name="item">The object that is described fully.</param>
    public static ToyDescription Of(ToyObject item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return new ToyDescription(item.Color, item.Shape);
    }

    /// <summary>Whether the object is what the words say.</summary>
    /// <param name="item">The object in question.</param>
    public bool Fits(ToyObject item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return (Color is null || Color == item.Color) && (Shape is null || Shape == item.Shape);
    }

    /// <summary>The words without an article.</summary>
    public override string ToString() => (Color, Shape) switch
    {
        ({ } color, { } shape) => $"{ToyWords.Of(color)} {ToyWords.Of(shape)}",
        ({ } color, null) => $"{ToyWords.Of(color)} shape",
        (null, { } shape) => ToyWords.Of(shape),
        _ => "shape",
    };
}
