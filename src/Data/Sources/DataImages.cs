namespace Madtp.Kit.Data.Sources;

/// <summary>Images of a data set, or other files that are counted and not named one by one.</summary>
/// <param name="What">What they are called in a report.</param>
/// <param name="Count">How many are there and how many there should be, given the data set's folder.</param>
public sealed record DataImages(string What, Func<string, (int Present, int Wanted)> Count);
