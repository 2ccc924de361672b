namespace Madtp.Kit.Pruning;

/// <summary>What happens in a layer that would keep too few tokens.</summary>
public enum BelowFloor
{
    /// <summary>The layer keeps all its tokens (released).</summary>
    KeepAll,

    /// <summary>The layer keeps as many as the floor says.</summary>
    KeepFloor,
}
