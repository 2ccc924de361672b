namespace Madtp.Kit.Checkpoints;

/// <summary>A class or function that a pickle names. It is a pair of names and nothing more: none is ever looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Module.Length == 0 ? Name : $"{Module}.{Name}";
}
