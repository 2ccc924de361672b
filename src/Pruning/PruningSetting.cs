using Madtp.Kit.Models;

namespace Madtp.Kit.Pruning;

/// <summary>A method with its dial set: what is compared at one budget.</summary>
/// <param name="Name">Name shown in tables and charts.</param>
/// <param name="Policy">The policy at the dial's value.</param>
/// <param name="Dial">The temperature or the keep ratio, as <see cref="PruningMethod.Dial"/> says.</param>
public sealed record PruningSetting(string Name, ReductionPolicy Policy, double Dial)
{
    /// <summary>How the dial was found; null where it was chosen.</summary>
    public CalibrationResult? Calibration { get; init; }

    /// <summary>Attaches it to a model that is trained: no features are gathered for L_sim. Dispose the handle to have the plain model back.</summary>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public TokenReduction Attach(IReducibleModel model)
    {
        var reduction = TokenReduction.Attach(model, Policy, Dial);
        reduction.GatherFeatures = false;
        return reduction;
    }
}
