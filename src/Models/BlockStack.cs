using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Runs the blocks of an encoder one after another and frees what each leaves behind.</summary>
internal static class BlockStack
{
    /// <summary>Runs <paramref name="step"/> over all blocks.</summary>
    /// <param name="blocks">The blocks in order.</param>
    /// <param name="tokens">What enters the first.</param>
    /// <param name="step">Runs one.</param>
    /// <param name="recomputes">Whether only the blocks' inputs are kept for the backward pass.</param>
    /// <param name="random">Whether the blocks draw random numbers.</param>
    public static TokenState Run<TBlock>(IEnumerable<TBlock> blocks, TokenState tokens, Func<TBlock, TokenState, TokenState> step, bool recomputes = false, bool random = false) => Run(
        blocks,
        tokens,
        recomputes ? (block, state) => Recomputation.Run((again, _) => step(block, again), state, [], random) : step);

    private static TokenState Run<TBlock>(IEnumerable<TBlock> blocks, TokenState tokens, Func<TBlock, TokenState, TokenState> step)
    {
        foreach (var block in blocks)
        {
            using var scope = NewDisposeScope();
            tokens = step(block, tokens);
            foreach (var tensor in tokens.Tensors())
            {
                if (scope.Contains(tensor))
                {
                    scope.MoveToOuter(tensor);
                }
            }
        }

        return tokens;
    }
}

/// <summary>Stochastic depth: in training a sample's residual branch is skipped with a probability and scaled up otherwise.</summary>
internal static class StochasticDepth
{
    /// <summary>
    /// Applies it to a branch <c>[B, N, D]</c>. Whatever the branch's device, lots are drawn on the processor, whose random state
    /// checkpoints hold and recomputation restores.
    /// </summary>
    public static Tensor DropPath(Tensor branch, double probability, bool training)
    {
        if (!training || probability == 0)
        {
            return branch;
        }

        var keep = 1 - probability;
        var drawn = rand([branch.shape[0], 1, 1], dtype: branch.dtype, device: CPU) + keep; // [B, 1, 1]
        var mask = drawn.floor().to(branch.device);
        return branch / keep * mask;
    }
}
