namespace Madtp.Kit.Models.Blip;

/// <summary>Questions read with their images, ready to be answered.</summary>
/// <param name="Vision">Final image tokens, <c>[B, S, D_v]</c>.</param>
/// <param name="Question">Final question tokens, <c>[B, N, D]</c>.</param>
public sealed record VqaEncoding(TokenState Vision, TokenState Question);
