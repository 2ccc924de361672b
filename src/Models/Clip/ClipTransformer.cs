using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>The stack of blocks of either CLIP encoder (<c>transformer</c> in the checkpoints).</summary>
public sealed class ClipTransformer : nn.Module<TokenState, TokenState>, IRecomputing
{
    private readonly ModuleList<ClipBlock> resblocks;

    /// <summary>Creates the stack.</summary>
    public ClipTransformer(int width, int layers, int heads, bool causal, AlignmentConfig? alignment) : base(nameof(ClipTransformer))
    {
        var maps = AlignmentMaps.Create(alignment, width, layers);
        resblocks = new ModuleList<ClipBlock>([.. Enumerable.Range(0, layers).Select(layer => new ClipBlock(width, heads, layers, causal, maps[layer]))]);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public bool Recomputes { get; set; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<ClipBlock> Blocks => [.. resblocks];

    /// <summary>Runs all blocks on <c>[B, N, D]</c>.</summary>
    public override TokenState forward(TokenState tokens) => BlockStack.Run(resblocks, tokens, (block, state) => block.forward(state), Recomputes);
}
