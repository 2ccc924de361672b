using System.CommandLine;
using System.Text.RegularExpressions;
using Madtp.Kit.Experiments;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using Madtp.Kit.Training;
using TorchSharp;

namespace Madtp.Kit.Cli;

/// <summary>A command that knows examples, with which its help ends.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines that work.</summary>
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Adds an option.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does, in a sentence.</param>
    /// <param name="value">What help calls its value.</param>
    /// <param name="otherwise">Its value where it is not given, which help shows.</param>
    /// <param name="words">What completion offers for its value.</param>
    /// <param name="required">Whether it must be given.</param>
    public Option<T> Option<T>(
        string name, string description, string? value = null, Func<T>? otherwise = null, string[]? words = null,
        bool required = false)
    {
        var option = new Option<T>(name) { Description = description, HelpName = value, Required = required };
        if (otherwise is not null)
        {
            option.DefaultValueFactory = _ => otherwise();
        }

        option.CompletionSources.Add(words ?? []);
        Add(option);
        return option;
    }

    /// <summary>Adds an argument.</summary>
    /// <param name="name">What help calls it.</param>
    /// <param name="description">What it is, in a sentence.</param>
    /// <param name="arity">How often it may be given.</param>
    /// <param name="words">What completion offers for it.</param>
    public Argument<T> Argument<T>(string name, string description, ArgumentArity arity, params string[] words)
    {
        var argument = new Argument<T>(name) { Description = description, HelpName = name, Arity = arity };
        argument.CompletionSources.Add(words);
        Add(argument);
        return argument;
    }
}

/// <summary><c>--method</c>: the names of <see cref="Methods"/>, as they are or as one word.</summary>
internal static partial class MethodOption
{
    private static readonly string[] Words = [.. Methods.All.Select(Word)];

    /// <summary>Adds the option.</summary>
    /// <param name="verb">To what.</param>
    /// <param name="usual">What it is otherwise, in a sentence.</param>
    public static Option<string?> Add(Verb verb, string usual) => verb.Option<string?>(
        "--method", $"How the model gets cheaper: {string.Join(", ", Words)}. {usual}", "NAME", words: Words);

    /// <summary>The method that was named; null where none was.</summary>
    /// <exception cref="ArgumentException">There is no such method; the message names those there are.</exception>
    public static Method? Of(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } name ? Methods.Of(name) : null;

    /// <summary>A method's name as one word.</summary>
    public static string Word(Method method) => NoLetters().Replace(method.Name.ToLowerInvariant(), "-").Trim('-');

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoLetters();
}

/// <summary>
/// <c>--device</c> and <c>--precision</c>: how a verb computes; said in its first line, for what it starts itself too.
/// </summary>
internal static class DeviceOption
{
    /// <summary>Adds the option; without it <c>KIT_DEVICE</c> decides, else a GPU where there is one.</summary>
    public static Option<string> Add(Verb verb) => verb.Option(
        "--device", $"Where to compute: {ComputeDevice.Names}.", "DEVICE",
        () => Environment.GetEnvironmentVariable(PaperMachine.DeviceVariable) is { Length: > 0 } set ? set : ComputeDevice.Auto);

    /// <summary>Adds what matrix products are computed in.</summary>
    public static Option<TrainingPrecision> AddPrecision(Verb verb) => verb.Option(
        "--precision", "float32; or, for GPUs, tf32 (float32 with factors of 10 bits) or bfloat16 (mixed precision).",
        otherwise: () => TrainingPrecision.Float32);

    /// <summary>The device that was chosen.</summary>
    /// <exception cref="ArgumentException">There is no such device here.</exception>
    public static torch.Device Use(
        ParseResult parsed, Option<string> option, TrainingPrecision precision = TrainingPrecision.Float32)
    {
        var name = parsed.GetRequiredValue(option);
        var device = ComputeDevice.Of(name);
        ComputeDevice.AllowTf32(precision == TrainingPrecision.Tf32);
        Environment.SetEnvironmentVariable(PaperMachine.DeviceVariable, name);
        Console.Error.WriteLine($"computing on {ComputeDevice.Describe(device)} in {precision.ToString().ToLowerInvariant()}");
        return device;
    }

    /// <summary>The same for experiments, where one of them chooses.</summary>
    public static void UseFor(IEnumerable<Experiment> experiments, ParseResult parsed, Option<string> option)
    {
        if (experiments.Any(experiment => ExperimentTask.Of(experiment.Task).ChoosesDevice))
        {
            Use(parsed, option);
        }
    }
}
