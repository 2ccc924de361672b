namespace Madtp.Kit.Models;

/// <summary>
/// What a transformer block calls between its attention and its feed-forward part, when something is attached to it.
/// The block knows nothing else about token reduction.
/// </summary>
public interface IBlockReducer
{
    /// <summary>Whether padding must be told apart from real tokens; an encoder that can do without a mask only makes one for that.</summary>
    bool ExcludesPadding { get; }

    /// <summary>Returns the tokens that go on through the rest of the block.</summary>
    /// <param name="input">The block's input; alignment guidance reads this.</param>
    /// <param name="attended">The tokens after the attention residual.</param>
    /// <param name="attention">What the attention saw.</param>
    TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention);
}
