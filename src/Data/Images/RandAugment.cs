namespace Madtp.Kit.Data.Images;

/// <summary>
/// RandAugment (Cubuk et al. 2020) as BLIP's training uses it: so many operations are drawn from ten, each is applied half of
/// the time, all at one magnitude from 0 to 10. At BLIP's magnitude 5 brightness and sharpness multiply by exactly 1.
/// </summary>
/// <param name="Operations">How many operations are drawn.</param>
/// <param name="Magnitude">How strong they are, 0 to 10.</param>
public sealed record RandAugment(int Operations = 2, int Magnitude = 5)
{
    private const double Probability = 0.5;
    private const double MaxShear = 0.3;
    private const double MaxShift = 10; // pixels
    private const double MaxDegrees = 30;

    private static readonly Func<RgbImage, double, SeededRandom, RgbImage>[] Choices =
    [
        (image, _, _) => image,
        (image, _, _) => ColorOperations.AutoContrast(image),
        (image, level, _) => ColorOperations.Brightness(image, (1.8 * level) + 0.1),
        (image, level, _) => ColorOperations.Sharpness(image, (1.8 * level) + 0.1),
        (image, _, _) => ColorOperations.Equalize(image),
        (image, level, random) => AffineOperations.ShearX(image, Signed(MaxShear * level, random)),
        (image, level, random) => AffineOperations.ShearY(image, Signed(MaxShear * level, random)),
        (image, level, random) => AffineOperations.Translate(image, Signed(MaxShift * level, random), 0),
        (image, level, random) => AffineOperations.Translate(image, 0, Signed(MaxShift * level, random)),
        (image, level, random) => AffineOperations.Rotate(image, Signed(MaxDegrees * level, random)),
    ];

    /// <summary>The image, changed.</summary>
    /// <param name="image">The image.</param>
    /// <param name="random">Draws the operations.</param>
    public RgbImage Apply(RgbImage image, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        for (var i = 0; i < Operations; i++)
        {
            var operation = random.Pick<Func<RgbImage, double, SeededRandom, RgbImage>>(Choices);
            if (random.Chance(Probability))
            {
                image = operation(image, Magnitude / 10.0, random);
            }
        }

        return image;
    }

    private static double Signed(double value, SeededRandom random) => random.Chance(0.5) ? -value : value;
}
