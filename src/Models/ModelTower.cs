namespace Madtp.Kit.Models;

/// <summary>Which transformer of a model a layer is in.</summary>
public enum ModelTower
{
    /// <summary>The image encoder.</summary>
    Image,

    /// <summary>The text encoder.</summary>
    Text,

    /// <summary>The text decoder.</summary>
    Decoder,
}
