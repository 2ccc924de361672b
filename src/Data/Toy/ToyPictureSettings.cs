namespace Madtp.Kit.Data.Toy;

/// <summary>What the toy COCO (with VQA) and the toy Flickr30k are made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="Coco">COCO's captioned scenes.</param>
/// <param name="Flickr">Flickr30k's.</param>
public sealed record ToyPictureSettings(ToyCaptionSettings Coco, ToyCaptionSettings Flickr)
{
    /// <summary>The usual worlds of a seed; Flickr30k's scenes are others than COCO's, and half as many to train on.</summary>
    /// <param name="seed">Where every random choice comes from.</param>
    /// <param name="trainImages">COCO's training images, at least 60; val and test keep their proportions to them.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static ToyPictureSettings Scaled(ulong seed = 1, int trainImages = 6_000)
    {
        if (trainImages < 60)
        {
            throw new ArgumentException($"{trainImages} images: give at least 60", nameof(trainImages));
        }

        var usual = new ToyCaptionSettings(seed);
        var coco = usual with
        {
            TrainImages = trainImages,
            DevImages = Math.Min(usual.DevImages * trainImages / usual.TrainImages, ToyCaptionSettings.DifferentScenes),
            TestImages = Math.Min(usual.TestImages * trainImages / usual.TrainImages, ToyCaptionSettings.DifferentScenes),
        };
        return new(coco, coco with { Seed = SeededRandom.SeedFor(seed, 30), TrainImages = trainImages / 2 });
    }
}
