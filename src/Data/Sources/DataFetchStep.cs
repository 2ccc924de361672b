namespace Madtp.Kit.Data.Sources;

/// <summary>What is being done.</summary>
/// <param name="File">The file at work.</param>
/// <param name="Step">"fetching" or "unpacking".</param>
/// <param name="Done">How much is done: bytes, or thousandths when unpacking.</param>
/// <param name="Total">How much there is, where known.</param>
public readonly record struct DataFetchStep(string File, string Step, long Done, long? Total);
