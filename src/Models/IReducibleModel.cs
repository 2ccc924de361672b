namespace Madtp.Kit.Models;

/// <summary>A model that names the encoders whose tokens may be reduced.</summary>
public interface IReducibleModel
{
    /// <summary>The encoders, in order of execution.</summary>
    IReadOnlyList<ReducibleEncoder> ReducibleEncoders { get; }
}
