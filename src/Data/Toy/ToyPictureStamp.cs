namespace Madtp.Kit.Data.Toy;

/// <summary>What finished toy pictures were made from, and what came out; lies beside them as coco/stamp.json.</summary>
/// <param name="Generator">The generator's version.</param>
/// <param name="Settings">What was asked for.</param>
/// <param name="Digest">SHA-256 over all pixels, captions and questions: names the data that a result was got on.</param>
public sealed record ToyPictureStamp(int Generator, ToyPictureSettings Settings, string Digest);
