using TorchSharp.Modules;

namespace Madtp.Kit.Models;

/// <summary>One encoder of a model as token reduction sees it: its blocks in order and the learnable tokens they align to.</summary>
/// <param name="Name">Name of the module inside the model, as in its checkpoint: <c>visual_encoder</c>, <c>text_encoder</c>, ….</param>
/// <param name="Modality">What its tokens are.</param>
/// <param name="Blocks">The blocks in order of execution.</param>
/// <param name="FindSpaceDict">
/// Gives E, the learnable alignment tokens, <c>[K, d_k]</c>; null in a model without alignment guidance. Asked each time, because a
/// model that is moved to a device or a type has other parameters afterwards.
/// </param>
public sealed record ReducibleEncoder(string Name, Modality Modality, IReadOnlyList<IReducibleBlock> Blocks, Func<Parameter?>? FindSpaceDict)
{
    /// <summary>E as it is now, <c>[K, d_k]</c>; null in a model without alignment guidance.</summary>
    public Parameter? SpaceDict => FindSpaceDict?.Invoke();

    /// <summary>Whether row 0 stands for the sequence; where none does, tokens are ranked without its attention.</summary>
    public bool HasClassToken { get; init; } = true;

    /// <summary>The released code keeps everything in a layer that would keep this many tokens or fewer.</summary>
    public int ReleasedFloor { get; init; }

    /// <summary>How the released code carries this encoder's mask.</summary>
    public MaskGather MaskGather { get; init; }
}
