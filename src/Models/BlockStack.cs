using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Runs the blocks of an encoder one after another and frees what each leaves behind.</summary>
internal static class BlockStack
{
    /// <summary>Runs <paramref name="step"/> over all blocks.</summary>
    /// <param name="recomputes">Whether only the blocks' inputs are kept for the backward pass.</param>
    public static TokenState Run<TBlock>(
        IEnumerable<TBlock> blocks, TokenState tokens, Func<TBlock, TokenState, TokenState> step, bool recomputes = false,
            bool random = false)
    {
        foreach (var block in blocks)
        {
            using var scope = NewDisposeScope();
            tokens = recomputes ? Recomputation.Run((again, _) => step(block, again), tokens, [], random) : step(block, tokens);
            foreach (var tensor in tokens.Tensors().Where(scope.Contains))
            {
                scope.MoveToOuter(tensor);
            }
        }

        return tokens;
    }
}
