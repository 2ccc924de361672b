namespace Madtp.Kit.Cost;

/// <summary>What a ledger's total stands for. Every row carries a number for each.</summary>
public enum Accounting
{
    /// <summary>The paper's published convention: the multiply-accumulates of one hard-wired forward pass, without the alignment guidance. Of a pruned run: everything the answer depends on.</summary>
    Paper,

    /// <summary>The same pass with the alignment guidance (MAG) computed in every layer, scores and features both.</summary>
    PaperWithAlignment,

    /// <summary>What one answer costs at inference when nothing is computed twice: no momentum copies, no queues, image keys and values once per image.</summary>
    Deploy,

    /// <summary>What the same answer costs in the released code, which computes image keys and values again for every beam, step and pair.</summary>
    ReferenceDeploy,
}
