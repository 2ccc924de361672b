namespace Madtp.Kit.Cost;

/// <summary>How many tokens leave each layer of a pruned run, the class token and the merged token included.</summary>
/// <param name="Vision">For each image (or one entry for all of them alike) the count after each block.</param>
/// <param name="Text">The count after each text layer; null where the text is not pruned.</param>
public sealed record TokenCounts(IReadOnlyList<IReadOnlyList<int>> Vision, IReadOnlyList<int>? Text)
{
    /// <summary>Nothing is pruned.</summary>
    public static TokenCounts None { get; } = new([], null);

    /// <summary>Counts that hold for every image alike; null where a modality is not pruned.</summary>
    public static TokenCounts Alike(IReadOnlyList<int>? vision, IReadOnlyList<int>? text) => new(vision is null ? [] : [vision], text);

    /// <summary>The counts of one image, or null where images are not pruned.</summary>
    /// <exception cref="ArgumentException">There are several lists, but none for this image.</exception>
    public IReadOnlyList<int>? OfImage(int image) => Vision.Count switch
    {
        0 => null,
        1 => Vision[0],
        _ when image < Vision.Count => Vision[image],
        _ => throw new ArgumentException($"token counts are given for {Vision.Count} images, but the model reads image {image + 1}"),
    };
}
