using Madtp.Kit.Checkpoints;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>The strength that weights were trained for, out of their file. The authors' files keep a temperature among the
/// tensors, which every method of temperatures takes; the kit's keep it beside them, only for the method that stored it, whose
/// name they have (without one it was MADTP). That method is taken where none is named.</summary>
internal static class StoredStrength
{
    /// <summary>The settings with the method and the strength that they leave open, and says so.</summary>
    /// <exception cref="ArgumentException">No weights are named, or the named method has no strength in them.</exception>
    /// <exception cref="InvalidDataException">What is stored is no strength.</exception>
    public static TaskSettings Of(TaskSettings settings)
    {
        Guard.Argument(settings.Checkpoint is not null, $"name the weights to score: --checkpoint FILE");
        using var file = CheckpointFile.Open(settings.Checkpoint);
        var released = file.Number("temperature");
        var named = settings.Method is not null;
        var trainedBy = TrainedBy(file);
        if (!named)
        {
            settings = settings with
            {
                Method = released is not null ? PruningMethod.ByTemperature(ReductionPolicy.Released)
                    : Methods.All.FirstOrDefault(method => method.Name == trainedBy)?.Pruning,
            };
        }

        var method = settings.Reduction;
        var from = named ? ""
            : released is null && file.Metadata.GetValueOrDefault("method") != method.Name ? ", as no method is named"
            : $", as {file.Path} names it";
        if ((settings.ReduceRatio ?? settings.Strength) is not null)
        {
            var given = settings.Strength is { } strength ? (method.StrengthIs, strength)
                : ("reduce ratio", settings.ReduceRatio!.Value);
            if (settings.StrengthIs is null || settings.StrengthIs == method.StrengthIs)
            {
                settings.Hints.Say?.Invoke(
                    FormattableString.Invariant($"{method.Name}{from}: {given.Item1} {given.Item2}, as given"));
            }

            return settings;
        }

        var stored = In(file, method);
        Guard.Data(stored is not { } odd || (odd > 0 && double.IsFinite(odd)),
            $"{file.Path}: its {method.StrengthIs} is {stored}, which reduces nothing: give another, or --reduce");
        var owner = released is not null ? "the released MADTP"
            : file.Metadata.ContainsKey("temperature") || file.Metadata.ContainsKey("keep_ratio") ? trainedBy : null;
        Guard.Argument(stored is not null || !named,
            $"{method.Name} reduces nothing yet, and {file.Path} has no {method.StrengthIs} for it"
            + $"{(owner is null ? "" : $" (what it holds is {owner}'s)")}: "
            + $"give {(method.StrengthIs == PruningMethod.KeepRatio ? "--keep" : "--temperature")}, or --reduce");
        settings.Hints.Say?.Invoke(stored is { } value
            ? FormattableString.Invariant($"{method.Name}{from}: {method.StrengthIs} {value:G6}, as {file.Path} says")
            : $"all tokens are kept: {file.Path} has neither temperature nor keep ratio");
        return settings with { Strength = stored };
    }

    /// <summary>What a file holds for a method; null where it holds nothing for it.</summary>
    /// <exception cref="InvalidDataException">What the kit noted is no number.</exception>
    public static double? In(CheckpointFile file, PruningMethod method)
    {
        if (file.Number("temperature") is { } released)
            return method.StrengthIs == PruningMethod.Temperature ? released : null;

        var name = method.StrengthIs.Replace(' ', '_');
        return TrainedBy(file) != method.Name || !file.Metadata.TryGetValue(name, out var value) ? null
            : double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number
            : throw new InvalidDataException($"{file.Path}: its {name} is no number, but '{value}'");
    }

    private static string TrainedBy(CheckpointFile file) =>
        file.Metadata.GetValueOrDefault("method", PruningMethod.Madtp.Name);
}
