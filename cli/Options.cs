using System.CommandLine.Parsing;
using System.Numerics;
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

    /// <summary>What it does, and its exit code; the token is cancelled by the first signal.</summary>
    public void Does(Func<ParseResult, CancellationToken, int> action) =>
        SetAction((parsed, cancellation) => Task.FromResult(action(parsed, cancellation)));

    /// <summary>Adds an argument.</summary>
    /// <param name="words">What completion offers for it.</param>
    public Argument<T> Argument<T>(string name, string description, ArgumentArity arity, params string[] words)
    {
        var argument = new Argument<T>(name) { Description = description, HelpName = name, Arity = arity };
        argument.CompletionSources.Add(words);
        Add(argument);
        return argument;
    }

    /// <summary>Adds an option.</summary>
    /// <param name="value">What help calls its value.</param>
    /// <param name="otherwise">Its value where it is not given, which help shows.</param>
    /// <param name="words">What completion offers for its value.</param>
    public Option<T> Option<T>(
        string name, string description, string? value = null, Func<T>? otherwise = null, string[]? words = null,
        bool required = false)
    {
        var option = new Option<T>(name) { Description = description, HelpName = value, Required = required };
        option.DefaultValueFactory = otherwise is null ? null : _ => otherwise();
        option.CompletionSources.Add(words ?? []);
        Add(option);
        return value is "FILE" or "DIR"
            ? Checked(option, text => text.Length > 0, value == "DIR" ? "a folder" : "a file") : option;
    }

    /// <summary>Refuses values of an option, saying what to give instead.</summary>
    public static Option<T> Checked<T>(Option<T> option, Func<string, bool> mayBe, string instead)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => !mayBe(token.Value)) is { } wrong)
                result.AddError($"{option.Name} '{wrong.Value}': give {instead}");
        });
        return option;
    }

    /// <summary>Adds an option whose value is a number within bounds; null where it is not given.</summary>
    /// <param name="open">Whether the bounds themselves are out of bounds.</param>
    public Option<T?> Number<T>(
        string name, string description, T? least = null, T? most = null, bool open = false, string value = "N")
        where T : struct, INumber<T>
    {
        var option = Option<T?>(name, description, value);
        option.CustomParser = result => Read(result, name, least, most, open);
        return option;
    }

    /// <summary>The same with a value where it is not given, which help shows.</summary>
    public Option<T> Number<T>(string name, string description, Func<T> otherwise, T? least = null, T? most = null)
        where T : struct, INumber<T>
    {
        var option = Option(name, description, "N", otherwise);
        option.CustomParser = result => Read(result, name, least, most, open: false) ?? default;
        return option;
    }

    /// <summary>Adds an option whose value is one of a few names; null where it is not given.</summary>
    public Option<T?> Choice<T>(string name, string description)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(one => one.ToLowerInvariant())];
        int Place(string said) => Array.IndexOf(names, string.Concat(said.Where(char.IsLetterOrDigit)).ToLowerInvariant());
        var option = Option<T?>(name, description, "NAME", words: names);
        option.CustomParser = result => Place(result.Tokens[0].Value) is >= 0 and var place ? Enum.GetValues<T>()[place] : null;
        return Checked(option, text => Place(text) >= 0, string.Join(" or ", names));
    }

    /// <summary>Whether an option was written, rather than left to its usual value.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Refuses more than one of some options.</summary>
    public void Exclude(params Option[] options) => Validators.Add(result =>
    {
        string[] given = [.. options.Where(one => result.GetResult(one) is { Implicit: false }).Select(one => one.Name)];
        if (given.Length > 1)
            result.AddError($"{string.Join(" and ", given)} exclude each other");
    });

    /// <summary>Refuses an option that says nothing without one of others.</summary>
    public void Needs(Option option, params Option[] others) => Validators.Add(result =>
    {
        if (others.Append(option).Where(one => result.GetResult(one) is { Implicit: false }).SequenceEqual([option]))
            result.AddError($"{option.Name} says nothing without {string.Join(" or ", others.Select(other => other.Name))}");
    });

    // "0,5" is no number here: with signs between thousands it would be 5.
    private static T? Read<T>(ArgumentResult result, string name, T? least, T? most, bool open)
        where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number)
            && !(number < least) && !(number > most) && !(open && (number == least || number == most)))
        {
            return number;
        }

        FormattableString bounds = (least, most, open) switch
        {
            (null, _, _) => $"",
            (_, null, _) => open ? $" above {least}" : (FormattableString)$", {least} or more",
            _ => open ? $" between {least} and {most}" : (FormattableString)$" from {least} to {most}",
        };
        result.AddError(FormattableString.Invariant(
            $"{name} '{text}': give a {(typeof(T) == typeof(double) ? "" : "whole ")}number{bounds}"));
        return null;
    }
}

/// <summary><c>--method</c>: the names of <see cref="Methods"/>, as they are or as one word.</summary>
internal static class MethodOption
{
    private static readonly string[] Words = [.. Methods.All.Select(Word)];

    /// <summary>Those that take tokens out.</summary>
    public static string[] OfTokens => [.. Methods.All.Where(method => method.Pruning is not null).Select(Word)];

    /// <param name="usual">What it is otherwise, in a sentence.</param>
    public static Option<string?> Add(Verb verb, string usual) => verb.Option<string?>(
        "--method", $"How the model gets cheaper: {string.Join(", ", Words)}. {usual}", "NAME", words: Words);

    /// <summary>The method that was named; null where none was.</summary>
    /// <exception cref="ArgumentException">There is no such method; the message names those there are.</exception>
    public static Method? Of(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } name ? Methods.Of(name) : null;

    /// <summary>A method's name as one word.</summary>
    public static string Word(Method method) => Regex.Replace(method.Name.ToLowerInvariant(), "[^a-z0-9]+", "-").Trim('-');
}

/// <summary><c>--ranks</c>: whether a verb works together with the processes that were started with it.</summary>
internal static class RanksOption
{
    public const string Name = "--ranks";

    public static Option<string> Add(Verb verb) => Verb.Checked(
        verb.Option(
            Name, "Processes that do it together, as mpirun -n N or srun --mpi=pmi2 starts them: auto, none, or the number "
                + "there must be.",
            "N", () => "auto", ["auto", "none"]),
        text => text is "auto" or "none"
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0),
        "auto, none or a whole number, 1 or more");
}

/// <summary>What <c>--precision</c> may say; auto is bfloat16 where the device has instructions for it, else float32.</summary>
internal enum PrecisionChoice { Auto, Float32, Tf32, BFloat16 }

/// <summary><c>--device</c> and <c>--precision</c>: how a verb computes, also what it starts itself.</summary>
internal static class DeviceOption
{
    /// <summary>Without it <c>KIT_DEVICE</c> decides, else a GPU where there is one.</summary>
    public static Option<string> Add(Verb verb) => Verb.Checked(
        verb.Option(
            "--device", $"Where to compute: {ComputeDevice.Names}.", "DEVICE",
            () => Environment.GetEnvironmentVariable(PaperMachine.DeviceVariable) is { Length: > 0 } set ? set
                : ComputeDevice.Auto,
            [ComputeDevice.Auto, "cpu", "cuda"]),
        text => Regex.IsMatch(text, "^(auto|cpu|cuda(:[0-9]{1,4})?)$"), ComputeDevice.Names);

    public static Option<PrecisionChoice?> AddPrecision(Verb verb) => verb.Choice<PrecisionChoice>(
        "--precision", "float32; tf32 (on GPUs, float32 with factors of 10 bits); bfloat16 (mixed precision); or auto: bfloat16 "
            + "where the processor or GPU has instructions for it.");

    /// <summary>What products are computed in; float32 where nothing is said.</summary>
    public static TrainingPrecision Precision(PrecisionChoice? choice, torch.Device device) => choice switch
    {
        PrecisionChoice.Auto when ComputeDevice.PrefersBfloat16(device) => TrainingPrecision.BFloat16,
        PrecisionChoice.BFloat16 => TrainingPrecision.BFloat16,
        PrecisionChoice.Tf32 => TrainingPrecision.Tf32,
        _ => TrainingPrecision.Float32,
    };

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
            Use(parsed, option);
        else if (Verb.IsGiven(parsed, option))
            CommandLine.Remark("the toy world's experiments compute on the CPU, whatever --device says");
    }
}
