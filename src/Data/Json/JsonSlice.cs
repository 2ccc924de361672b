namespace Madtp.Kit.Data.Json;

/// <summary>Where one element of an array stands in a file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Line">Its first line, from 1.</param>
internal readonly record struct JsonSlice(long Offset, int Length, int Line);
