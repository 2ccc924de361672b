namespace Madtp.Kit.Figures;

/// <summary>One token as a block judged it.</summary>
/// <param name="Position">Its patch or word, counted from 0; −b for the token that block b (counted from 1) merged what it pruned into.</param>
/// <param name="Class">S_cls; null where it is not in use.</param>
/// <param name="Self">S_self; null where it is not in use.</param>
/// <param name="Alignment">S_token; null where it is not in use.</param>
/// <param name="Total">TIS, the token importance score.</param>
/// <param name="Kept">Whether it goes on as a token of its own.</param>
public sealed record ScoredToken(int Position, double? Class, double? Self, double? Alignment, double Total, bool Kept);
