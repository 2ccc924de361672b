namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>How finely colour is sampled beside brightness.</summary>
public enum JpegEncodingColor : byte
{
    YCbCrRatio420 = 0,
    YCbCrRatio444 = 1,
}
