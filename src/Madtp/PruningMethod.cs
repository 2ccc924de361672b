using Madtp.Kit.Models;

namespace Madtp.Kit.Madtp;

/// <summary>A method as experiments compare it: token reduction with one strength that its cost depends on, so that every method
/// can be brought to the same budget. MADTP's strength is the temperature T, that of the methods with fixed counts the keep
/// ratio.</summary>
/// <param name="StrengthIs">What the strength is: "temperature" or "keep ratio".</param>
/// <param name="Policy">The policy at a strength's value; for a temperature always the same.</param>
public sealed record PruningMethod(string Name, string StrengthIs, Func<double, ReductionPolicy> Policy)
{
    /// <summary>What <see cref="StrengthIs"/> says for a temperature.</summary>
    public const string Temperature = "temperature";

    /// <summary>What <see cref="StrengthIs"/> says for the share of tokens that a layer keeps.</summary>
    public const string KeepRatio = "keep ratio";

    /// <summary>The values a calibration looks at.</summary>
    public CalibrationSettings Range { get; init; } = new();

    /// <summary>The kit's MADTP.</summary>
    public static PruningMethod Madtp { get; } = ByTemperature(ReductionPolicy.Fixed);

    /// <summary>A policy whose keep rule reads the temperature.</summary>
    public static PruningMethod ByTemperature(ReductionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new PruningMethod(policy.Name, Temperature, _ => policy);
    }

    /// <summary>A policy for each keep ratio between 0.02 and 1.</summary>
    public static PruningMethod ByKeepRatio(string name, Func<double, ReductionPolicy> policy) => new(name, KeepRatio, policy)
    {
        // The cost moves in whole tokens: once the ratio is known to 0.01%, halving on finds nothing between two costs.
        Range = new CalibrationSettings { Lowest = 0.02, Highest = 1, MaxBisections = 13 },
    };

    /// <summary>The method with its strength at a value.</summary>
    public PruningSetting At(double strength) => new(Name, Policy(strength), strength);

    /// <summary>Turns the strength until the cost is what is wanted, as near as can be: <see cref="CalibrationResult.Reached"/>
    /// of the setting's calibration tells.</summary>
    /// <param name="cost">What a setting costs, mean over examples that stay the same.</param>
    /// <param name="target">The cost wanted.</param>
    /// <exception cref="ArgumentException">The target is not positive.</exception>
    public PruningSetting Calibrate(Func<PruningSetting, double> cost, double target)
    {
        ArgumentNullException.ThrowIfNull(cost);
        var found = BudgetSearch.Find(strength => cost(At(strength)), target, Range);
        return At(found.Value) with { Calibration = found };
    }

    /// <summary>Sets the strength of an attached reduction.</summary>
    public void Turn(TokenReduction reduction, double strength)
    {
        ArgumentNullException.ThrowIfNull(reduction);
        reduction.Policy = Policy(strength);
        reduction.Temperature = strength;
    }
}

/// <summary>A method with its strength set: what is compared at one budget.</summary>
/// <param name="Policy">The policy at the strength's value.</param>
/// <param name="Strength">The temperature or the keep ratio, as <see cref="PruningMethod.StrengthIs"/> says.</param>
public sealed record PruningSetting(string Name, ReductionPolicy Policy, double Strength)
{
    /// <summary>How the strength was found; null where it was chosen.</summary>
    public CalibrationResult? Calibration { get; init; }

    /// <summary>Attaches it to a model that is trained: no features are gathered for L_sim. Dispose the handle to have the plain
    /// model back.</summary>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public TokenReduction Attach(IReducibleModel model)
    {
        var reduction = TokenReduction.Attach(model, Policy, Strength);
        reduction.GatherFeatures = false;
        return reduction;
    }
}
