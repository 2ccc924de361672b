namespace Madtp.Kit.Checkpoints;

/// <summary>A file inside a zip archive: where its bytes lie, and whether they are stored as they are or compressed.</summary>
internal sealed record ZipEntry(string Name, long Start, long Length, bool IsStored);
