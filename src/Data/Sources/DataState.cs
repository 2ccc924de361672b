namespace Madtp.Kit.Data.Sources;

/// <summary>How much of something is there.</summary>
public enum DataState
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>Some of it, or not as it should be.</summary>
    Partial,

    /// <summary>All of it.</summary>
    Complete,
}
