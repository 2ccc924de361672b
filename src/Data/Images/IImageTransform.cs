namespace Madtp.Kit.Data.Images;

/// <summary>Turns an image of any size into the square that a model takes.</summary>
public interface IImageTransform
{
    /// <summary>Width and height of the result in pixels.</summary>
    int Size { get; }

    /// <summary>The image as the model shall see it, before normalisation: <see cref="Size"/> × <see cref="Size"/> pixels.</summary>
    /// <param name="image">The image as read.</param>
    /// <param name="random">Makes the choices, where there are any.</param>
    RgbImage Apply(RgbImage image, SeededRandom random);
}
