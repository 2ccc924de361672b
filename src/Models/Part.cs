using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>A part of a model. Its fields are its parameters and further parts, under the names that the checkpoints have for
/// them; they are made by the class's initializers, which run before this constructor, and registered here.</summary>
public abstract class Part : nn.Module
{
    protected Part() : base(nameof(Part)) => RegisterComponents();
}
