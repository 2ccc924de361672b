namespace Madtp.Kit.Cost;

/// <summary>What one module costs, in multiply-accumulates, under each accounting.</summary>
/// <param name="Module">The module's path, in the checkpoints' own names where it has parameters.</param>
/// <param name="Kind">What the row pays for.</param>
/// <param name="Paper">Its part of <see cref="Accounting.Paper"/>.</param>
/// <param name="PaperWithAlignment">Its part of <see cref="Accounting.PaperWithAlignment"/>.</param>
/// <param name="Deploy">Its part of <see cref="Accounting.Deploy"/>.</param>
/// <param name="ReferenceDeploy">Its part of <see cref="Accounting.ReferenceDeploy"/>.</param>
public sealed record LedgerRow(string Module, CostKind Kind, long Paper, long PaperWithAlignment, long Deploy, long ReferenceDeploy)
{
    /// <summary>The row's part of one accounting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The accounting is none of the four.</exception>
    public long Of(Accounting accounting) => accounting switch
    {
        Accounting.Paper => Paper,
        Accounting.PaperWithAlignment => PaperWithAlignment,
        Accounting.Deploy => Deploy,
        Accounting.ReferenceDeploy => ReferenceDeploy,
        _ => throw new ArgumentOutOfRangeException(nameof(accounting), accounting, "an unknown accounting"),
    };

    /// <summary>The sum of two rows, under the first one's name.</summary>
    public LedgerRow Plus(LedgerRow other) => this with
    {
        Paper = Paper + other.Paper,
        PaperWithAlignment = PaperWithAlignment + other.PaperWithAlignment,
        Deploy = Deploy + other.Deploy,
        ReferenceDeploy = ReferenceDeploy + other.ReferenceDeploy,
    };
}
