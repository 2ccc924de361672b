namespace Madtp.Kit.Models;

/// <summary>Which kind of tokens an encoder carries.</summary>
public enum Modality
{
    /// <summary>Image patches.</summary>
    Image,

    /// <summary>Text tokens.</summary>
    Text,
}
