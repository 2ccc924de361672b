namespace Madtp.Kit.Models.Blip;

/// <summary>What re-ranking does with images of which fewer tokens are left than of others.</summary>
public enum ImagePadding
{
    /// <summary>Every image is read by its own tokens alone.</summary>
    None,

    /// <summary>Shorter images are filled up to the longest with copies of their class token, which texts attend to (released).</summary>
    ClassTokenCopies,
}
