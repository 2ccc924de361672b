using Madtp.Kit.Data;
using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Trainings whose numbers are no numbers any more. That is seen in the step where it happens, before any of it is
/// written; the run's folder keeps what was seen, so that the same is not trained into once more.</summary>
internal sealed class Divergence(string folder, string checkpoint)
{
    private readonly string path = Path.Combine(folder, "diverged.txt");

    /// <summary>Keeps what was seen.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="what">What is not finite, in a part of a sentence.</param>
    public NotFiniteNumberException At(int step, string what)
    {
        var seen = $"the training diverged in step {step}: {what}";
        if (Ranks.IsFirst)
            AtomicFile.Write(path, seen + "\n");

        var kept = File.Exists(checkpoint) ? $". What was trained before is in {checkpoint}" : string.Empty;
        return new NotFiniteNumberException($"{seen}{kept}. Train anew with a lower learning rate");
    }

    /// <summary>Insists that a run which is gone on with has not diverged.</summary>
    /// <exception cref="InvalidDataException">It has.</exception>
    public void RequireNone()
    {
        Guard.Data(!File.Exists(path),
            $"{folder} cannot be gone on with: {File.ReadAllText(path).Trim()}, and the same settings lead there again. "
            + $"Begin anew with a lower learning rate, or delete {path} to try it all the same");
    }

    /// <summary>Forgets what an earlier run came to.</summary>
    public void Forget() => File.Delete(path);

    /// <summary>The first parameter that is not finite everywhere; null where all are.</summary>
    public static string? FirstIn(IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        return parameters.FirstOrDefault(p => !p.Parameter.isfinite().all().item<bool>()).Name;
    }

    /// <summary>The weights that have grown beyond what any trained network has, in words; null where none have.</summary>
    public static string? Overgrown(IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        var (name, largest) = Largest(parameters, parameter => parameter.abs().max());
        return largest > 1000 ? $"the weights {name} have grown to {Number(largest)}" : null;
    }

    /// <summary>The parameter with the largest gradient, in words.</summary>
    public static string LargestGradient(IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        var (name, norm) = Largest(parameters.Where(p => p.Parameter.grad is not null), parameter => parameter.grad!.norm());
        return $"the largest gradient is that of {name}, {Number(norm)}";
    }

    /// <summary>What is not finite of a step, in words.</summary>
    /// <param name="means">The means since the last line of the log, all finite before this step.</param>
    public static string Of(TrainingRecord means, double norm)
    {
        (string Name, double? Value)[] losses = [("task loss", means.Task), ("alignment loss", means.Alignment),
            ("auxiliary loss", means.Auxiliary), ("loss", means.Loss)];
        var (name, value) = losses.FirstOrDefault(loss => loss.Value is { } number && !double.IsFinite(number));
        return name is null ? $"the gradient's norm is {Number(norm)}" : $"the {name} is {Number(value!.Value)}";
    }

    // What is not a number counts as infinite.
    private static (string Name, double Size) Largest(
        IEnumerable<(string Name, Parameter Parameter)> parameters, Func<Parameter, Tensor> size)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var sizes = parameters.Select(p => (p.Name, Size: (double)size(p.Parameter).to(float32).item<float>()));
        return sizes.Select(p => (p.Name, double.IsNaN(p.Size) ? double.PositiveInfinity : p.Size)).MaxBy(p => p.Item2);
    }

    private static string Number(double value) => double.IsNaN(value) ? "not a number"
        : double.IsInfinity(value) ? "infinite" : value.ToString("G4", CultureInfo.InvariantCulture);
}
