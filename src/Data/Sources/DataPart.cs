namespace Madtp.Kit.Data.Sources;

/// <summary>What is there of one part of a data set.</summary>
/// <param name="What">A file's or the images' name.</param>
/// <param name="State">How much of it is there.</param>
/// <param name="Detail">What is wrong or missing; empty where it is complete.</param>
public sealed record DataPart(string What, DataState State, string Detail);
