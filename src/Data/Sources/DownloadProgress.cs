namespace Madtp.Kit.Data.Sources;

/// <summary>How far a download is.</summary>
/// <param name="Bytes">Bytes that are on the disk.</param>
/// <param name="Total">Bytes of the whole file, where known.</param>
public readonly record struct DownloadProgress(long Bytes, long? Total);
