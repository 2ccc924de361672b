namespace Madtp.Kit.Checkpoints;

/// <summary>An object of a TorchScript archive: its attributes are data like any dictionary's, its class does not matter.</summary>
internal sealed class ModuleState
{
    /// <summary>The attributes.</summary>
    public object? State { get; set; }
}
