namespace Madtp.Kit.Data.Captions;

/// <summary>One image with one caption: what retrieval and captioning are trained on.</summary>
/// <param name="ImagePath">The image's file.</param>
/// <param name="Caption">The caption, as written.</param>
/// <param name="ImageId">The image's name in the file; rows of one image share it.</param>
/// <param name="ImageNumber">The image's number, from 0 in order of appearance: which pairs count as matches of one another.</param>
public sealed record CaptionRow(string ImagePath, string Caption, string ImageId, int ImageNumber);
