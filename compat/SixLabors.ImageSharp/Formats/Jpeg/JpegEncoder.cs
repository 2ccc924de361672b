namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>How a JPEG is written.</summary>
public sealed class JpegEncoder
{
    /// <summary>1 to 100; 75 where null.</summary>
    public int? Quality { get; init; }

    /// <summary>How finely colour is sampled; 4:2:0 where null.</summary>
    public JpegEncodingColor? ColorType { get; init; }
}
