namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's things in words.</summary>
public static class ToyWords
{
    private static readonly string[] Numbers = ["zero", "one", "two", "three", "four", "five", "six"];

    /// <summary>A colour's word.</summary>
    /// <param name="color">The colour.</param>
    public static string Of(ToyColor color) => color.ToString().ToLowerInvariant();

    /// <summary>A shape's word, singular.</summary>
    /// <param name="shape">The shape.</param>
    public static string Of(ToyShape shape) => shape.ToString().ToLowerInvariant();

    /// <summary>A ground's word.</summary>
    /// <param name="ground">The ground.</param>
    public static string Of(ToyGround ground) => ground.ToString().ToLowerInvariant();

    /// <summary>A number from 0 to 6 as a word.</summary>
    /// <param name="number">0 to 6.</param>
    public static string Of(int number) => Numbers[number];
}
