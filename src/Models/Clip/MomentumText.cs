namespace Madtp.Kit.Models.Clip;

/// <summary>What the momentum text encoder of CLIP is made of (defect 6 of the released code).</summary>
public enum MomentumText
{
    /// <summary>Its own copies of everything.</summary>
    OwnCopies,

    /// <summary>Its own embeddings and projection around the transformer and final norm that learn (released).</summary>
    OnlineTransformer,
}
