using System.Text.Json.Serialization;

namespace Madtp.Kit.Evaluations;

/// <summary>What was said of an image.</summary>
internal sealed record CaptionAnswer(long ImageId, string Caption, double Macs, double DenseMacs) : ICostedAnswer
{
    /// <summary>The answer as COCO's evaluation reads it.</summary>
    public Submitted ToSubmitted() => new(ImageId, Caption);

    /// <summary>One entry of a submission.</summary>
    internal sealed record Submitted([property: JsonPropertyName("image_id")] long ImageId, [property: JsonPropertyName("caption")] string Caption);
}
