namespace Madtp.Kit.Data.Images;

/// <summary>What evaluation does to an image: bicubic to the square, whatever its shape was. Nothing is random.</summary>
/// <param name="Size">Width and height of the result in pixels.</param>
public sealed record EvaluationTransform(int Size) : IImageTransform
{
    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, SeededRandom random) => Apply(image);

    /// <summary>The image at <see cref="Size"/> × <see cref="Size"/>.</summary>
    /// <param name="image">The image as read.</param>
    public RgbImage Apply(RgbImage image) => BicubicResize.Resize(image, Size, Size);
}
