namespace Madtp.Kit.Data.Toy;

/// <summary>What a finished toy world was made from, and what came out; lies beside it as stamp.json.</summary>
/// <param name="Generator">The generator's version.</param>
/// <param name="Seed">The seed.</param>
/// <param name="TrainPairs">Examples to train on.</param>
/// <param name="DevPairs">Examples to choose by.</param>
/// <param name="TestPairs">Examples to report.</param>
/// <param name="Digest">SHA-256 over all annotations and pixels: names the data that a result was got on.</param>
public sealed record ToyWorldStamp(int Generator, ulong Seed, int TrainPairs, int DevPairs, int TestPairs, string Digest);
