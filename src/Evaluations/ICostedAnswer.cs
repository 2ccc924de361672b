namespace Madtp.Kit.Evaluations;

/// <summary>An answer with what it cost.</summary>
internal interface ICostedAnswer
{
    /// <summary>Multiply-accumulates.</summary>
    double Macs { get; }

    /// <summary>Multiply-accumulates of the plain model.</summary>
    double DenseMacs { get; }
}
