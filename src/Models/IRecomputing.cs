namespace Madtp.Kit.Models;

/// <summary>An encoder that can forget what its blocks computed and compute it again when gradients need it (gradient checkpointing).</summary>
public interface IRecomputing
{
    /// <summary>Whether training keeps only each block's input and runs the block once more in the backward pass: about a third more time for much less memory.</summary>
    bool Recomputes { get; set; }
}
