using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Runs the blocks of an encoder one after another and frees what each leaves behind.</summary>
internal static class BlockStack
{
    /// <summary>Runs <paramref name="step"/> over all blocks.</summary>
    public static TokenState Run<TBlock>(IEnumerable<TBlock> blocks, TokenState tokens, Func<TBlock, TokenState, TokenState> step)
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
