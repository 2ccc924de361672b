namespace Madtp.Kit.Data.Toy;

/// <summary>What the toy world's captioned scenes are made of. Equal settings give equal scenes and words.</summary>
/// <param name="Seed">Where every random choice comes from.</param>
/// <param name="TrainImages">Scenes to train on.</param>
/// <param name="DevImages">Scenes to choose by, each with another set of shapes.</param>
/// <param name="TestImages">Scenes to report, each with another set of shapes.</param>
/// <param name="CaptionsPerImage">Captions of each scene.</param>
public sealed record ToyCaptionSettings(ulong Seed = 1, int TrainImages = 6000, int DevImages = 200, int TestImages = 300, int CaptionsPerImage = 5)
{
    /// <summary>Kinds of sets of one to three shapes of 15 classes: no split can hold more scenes that all differ.</summary>
    public const int DifferentScenes = 15 + 120 + 680;

    /// <summary>The splits by the names Karpathy gives them, each with its number of images and whether all must differ.</summary>
    internal (int Number, int Images, bool Differ) Split(string split) => split switch
    {
        "train" => (0, TrainImages, false),
        "val" => (1, DevImages, true),
        "test" => (2, TestImages, true),
        _ => throw new ArgumentException($"the toy world has no captioned split '{split}'; it has train, val, test", nameof(split)),
    };
}
