namespace Madtp.Kit.Checkpoints;

/// <summary>An object of a TorchScript archive: its attributes are data like any dictionary's, its class is only a name.</summary>
internal sealed class ModuleState(PickleGlobal kind)
{
    /// <summary>The class, by name.</summary>
    public PickleGlobal Kind { get; } = kind;

    /// <summary>The attributes.</summary>
    public object? State { get; set; }
}
