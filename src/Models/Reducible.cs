using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>A model that names the encoders whose tokens may be reduced.</summary>
public interface IReducibleModel
{
    /// <summary>The encoders, in order of execution.</summary>
    IReadOnlyList<ReducibleEncoder> ReducibleEncoders { get; }
}

/// <summary>One encoder of a model as token reduction sees it: its blocks in order and their learnable tokens.</summary>
/// <param name="Name">Name of the module inside the model, as in its checkpoint: <c>visual_encoder</c>, ….</param>
/// <param name="FindSpaceDict">Gives E, the learnable alignment tokens, <c>[K, d_k]</c>; null in a model without alignment
/// guidance. Asked each time, because a model that is moved to a device or a type has other parameters afterwards.</param>
public sealed record ReducibleEncoder(
    string Name, Modality Modality, IReadOnlyList<IReducibleBlock> Blocks, Func<Parameter?>? FindSpaceDict)
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

/// <summary>Which kind of tokens an encoder carries.</summary>
public enum Modality
{
    /// <summary>Image patches.</summary>
    Image,
    /// <summary>Text tokens.</summary>
    Text,
}

/// <summary>How the authors' code carries the padding mask through pruning; it differs by encoder (defect 2).</summary>
public enum MaskGather
{
    /// <summary>There is no mask.</summary>
    None,
    /// <summary>The mask follows its token; the merged token takes the mask of the most important pruned one. Tokens and mask
    /// come from one unsorted top-(k + 1) whose last entry is that pruned token (MED).</summary>
    WithTokens,
    /// <summary>The mask is gathered by descending importance whatever the order of the tokens (NLVR2 text encoder).</summary>
    ByImportance,
}

/// <summary>A transformer block that tokens can be taken out of.</summary>
public interface IReducibleBlock
{
    /// <summary>What is attached to the block; null runs the plain block.</summary>
    IBlockReducer? Reducer { get; set; }

    /// <summary>The block's own map into the alignment space (W_v and b_v of eq. 1); null where the model shares one or has
    /// none.</summary>
    AlignmentMap? QueryModel { get; }
}

/// <summary>What a transformer block calls between its attention and its feed-forward part, when something is attached to it. The
/// block knows nothing else about token reduction.</summary>
public interface IBlockReducer
{
    /// <summary>Whether padding must be told apart from real tokens; a mask may be made for that alone.</summary>
    bool ExcludesPadding { get; }

    /// <summary>What it reads of the attention between all tokens; null for nothing: then the attention keeps no map.</summary>
    /// <param name="input">The block's input.</param>
    AttentionReading? Reads(TokenState input);

    /// <summary>Returns the tokens that go on through the rest of the block.</summary>
    /// <param name="input">The block's input; alignment guidance reads this.</param>
    /// <param name="attended">The tokens after the attention residual.</param>
    TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention);
}

/// <summary>A part of a model. Its fields are its parameters and further parts, under the names that the checkpoints have for
/// them; they are made by the class's initializers, which run before this constructor, and registered here.</summary>
public abstract class Part : nn.Module
{
    protected Part() : base(nameof(Part)) => RegisterComponents();
}
