using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Training;

/// <summary>What a reduction leaves of one NLVR2 pair, and what the pair costs.</summary>
/// <param name="Left">The left image.</param>
/// <param name="Right">The right image.</param>
/// <param name="Text">The statement; position 0 is [ENC].</param>
public sealed record PairTokens(TokensLeft Left, TokensLeft Right, TokensLeft Text)
{
    /// <summary>Multiply-accumulates as a share of the plain model's on this pair (<see cref="Accounting.Paper"/>).</summary>
    public required double MacShare { get; init; }

    /// <summary>The same with all that choosing tokens takes (<see cref="Accounting.Deploy"/>).</summary>
    public required double DeployShare { get; init; }
}
