using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Creates E, the learnable alignment tokens (<c>space_dict</c> in the checkpoints).</summary>
internal static class LearnableTokens
{
    /// <summary>Normal random tokens <c>[K, d_k]</c>, or null without alignment guidance.</summary>
    public static Parameter? Create(AlignmentConfig? alignment) =>
        alignment is null ? null : nn.Parameter(randn(alignment.Tokens, alignment.Width));
}
