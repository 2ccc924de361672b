using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>The stack of blocks of either CLIP encoder (<c>transformer</c> in the checkpoints).</summary>
public sealed class ClipTransformer : nn.Module<TokenState, TokenState>, IRecomputing
{
    private readonly ModuleList<ClipBlock> resblocks;
    private readonly int heads;

    /// <summary>Creates the stack.</summary>
    /// <param name="width">D.</param>
    /// <param name="layers">Number of blocks.</param>
    /// <param name="heads">Attention heads per block.</param>
    /// <param name="causal">Whether a token sees only those before it (text).</param>
    /// <param name="alignment">Alignment guidance, if the model has it.</param>
    /// <param name="widths">Inner widths of each block of a stack that parameters were taken out of.</param>
    public ClipTransformer(int width, int layers, int heads, bool causal, AlignmentConfig? alignment, IReadOnlyList<LayerWidths>? widths = null) : base(nameof(ClipTransformer))
    {
        this.heads = heads;
        var maps = AlignmentMaps.Create(alignment, width, layers);
        resblocks = new ModuleList<ClipBlock>([.. Enumerable.Range(0, layers).Select(layer => new ClipBlock(width, heads, layers, causal, maps[layer], widths?[layer]))]);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public bool Recomputes { get; set; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<ClipBlock> Blocks => [.. resblocks];

    /// <summary>Every inner width that can be pruned.</summary>
    /// <param name="name">The stack's name in its model.</param>
    /// <param name="tower">Which of the model's it is.</param>
    public IEnumerable<PrunableWidth> PrunableWidths(string name, ModelTower tower) =>
        resblocks.SelectMany((block, layer) => block.PrunableWidths($"{name}.{nameof(resblocks)}.{layer}", tower, layer, heads));

    /// <summary>Runs all blocks on <c>[B, N, D]</c>.</summary>
    public override TokenState forward(TokenState tokens) => BlockStack.Run(resblocks, tokens, (block, state) => block.forward(state), Recomputes);
}
