namespace Madtp.Kit.Data.Captions;

/// <summary>An image with all its captions: what retrieval and captioning are evaluated on.</summary>
/// <param name="ImagePath">The image's file.</param>
/// <param name="ImageId">COCO's number for it, or the file's name without its ending where there is none (Flickr30k).</param>
/// <param name="Captions">Usually five.</param>
public sealed record CaptionedImage(string ImagePath, string ImageId, IReadOnlyList<string> Captions);
