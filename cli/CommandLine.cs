using System.ComponentModel;
using System.Runtime.InteropServices;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Madtp.Kit.Cli.Verbs;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Cli;

/// <summary>The one place that parses: every verb, what is said of input that cannot be used, and exit codes: 0 done, 1 the
/// answer is no or libtorch failed, 2 the input could not be used, 70 a fault of the kit, 75 another process has the experiment
/// in hand (sweep --index), 130 and 143 interrupted.</summary>
internal static class CommandLine
{
    /// <summary>The code of what was interrupted: 130 by Ctrl+C, 143 by SIGTERM.</summary>
    public static int Interrupted { get; internal set; } = 130;

    private const int Failed = 1;
    private const int UnusableInput = 2;
    private const int Fault = 70;
    private const string TraceVariable = "KIT_TRACE";
    private const string SmallerIsLess = ": fewer or smaller examples at once (--batch-size, --image-size) need less";

    // What the script `kit` answers itself: known here for completion and for "did you mean".
    private static readonly (string Name, string[] Options)[] OfTheScript =
    [
        ("run", ["--save", "--fresh"]), ("test", ["--fast"]), ("setup", ["--cuda", "--cpu", "--mpi"]), ("lab", []), ("bench", []),
        ("fuzz", ["--minutes", "--seed"]), ("pack", []), ("help", []),
    ];

    /// <summary>All verbs, in the order that help shows them.</summary>
    /// <remarks>A plain command: a RootCommand would show the assembly's name instead of what a user types.</remarks>
    public static Command Root()
    {
        var root = new Verb("./kit", "Madtp.Kit: token reduction for vision-language transformers.", "./kit macs blip-nlvr2")
        {
            TrainVerb.Create(), EvaluateVerb.Create(), ExperimentVerbs.CreateExperiment(), ExperimentVerbs.CreateSweep(),
            ExperimentVerbs.CreateRuns(), MacsVerb.Create(), KeepMapVerb.Create(), ScoreVerb.Create(), TokenizeVerb.Create(),
            CheckpointVerb.Create(), VerifyVerb.Create(), DataVerb.Create(), DoctorVerb.Create(), CompletionVerb.Create(),
            CompletionVerb.CreateComplete(),
        };
        foreach (var (name, options) in OfTheScript)
        {
            var verb = new Verb(name, "A verb of the script.", $"./kit {name}") { Hidden = true };
            Array.ForEach(options, option => verb.Add(new Option<bool>(option)));
            root.Add(verb);
        }

        var help = new HelpOption { Recursive = true };
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.Add(help);
        root.Add(new VersionOption());
        return root;
    }

    /// <summary>Runs the verb of a command line; what goes wrong is one line on standard error, not a stack trace.</summary>
    public static async Task<int> Main(string[] args)
    {
        Interruption? interruption = null;
        var errors = Console.Error;
        if (Ranks.IsSilent)
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
        }

        try
        {
            var root = Root();
            var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }); // "@word" is text
            if (WithoutOptionsAsArguments(result, args) is { Errors.Count: > 0 } unusable)
            {
                Reveal(root);
                Explain(unusable, PathOf(result.CommandResult));
                return UnusableInput;
            }

            if (!result.CommandResult.Command.Options.Any(option => option.Name == RanksOption.Name))
                Ranks.RequireAlone();

            // A verb that never looks whether it is to stop has nothing to lose: the signal ends it.
            interruption = result.Action is AsynchronousCommandLineAction ? new Interruption() : null;
            InvocationConfiguration settings = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            var done = await result.InvokeAsync(settings, interruption?.Token ?? CancellationToken.None);
            Ranks.Leave();
            return done;
        }
        catch (Exception e)
        {
            if (Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 })
                Console.Error.WriteLine(e);

            var (code, text) = Explain(e, interruption?.Token.IsCancellationRequested ?? false);
            if (!Ranks.IsFirst)
            {
                Thread.Sleep(TimeSpan.FromSeconds(2)); // what all ranks have to say the first says alone, and ends them
                Console.SetError(errors);
                text = $"rank {Ranks.Rank} of {Ranks.Count}: {text}";
            }

            Remark(text);
            if (Ranks.Count > 1)
            {
                Thread.Sleep(TimeSpan.FromSeconds(0.5)); // mpirun passes on what is said, but not once it is told to end
                Ranks.Abort(code);
            }

            return code;
        }
        finally
        {
            interruption?.Dispose();
        }
    }

    /// <summary>Says a sentence beside the answer, on standard error.</summary>
    public static void Remark(string text) => Console.Error.WriteLine($"kit: {Shown(text, keepLines: true)}");

    /// <summary>The exit code of an error, and what it comes to in a sentence.</summary>
    internal static (int Code, string Text) Explain(Exception e, bool isInterrupted) => e switch
    {
        AggregateException { InnerExceptions: [var first, ..] } => Explain(first, isInterrupted),
        OperationCanceledException when isInterrupted =>
            (Interrupted, "stopped; the same command goes on from here, with --resume where it names a folder"),
        OperationCanceledException or NotFiniteNumberException => (Failed, e.Message),
        TypeInitializationException when NativeLibraries.Failure is { } failure => (UnusableInput, failure),
        TypeInitializationException { InnerException: { } inner } => Explain(inner, isInterrupted),
        OutOfMemoryException => (Failed, $"the memory does not suffice{SmallerIsLess}"),
        Win32Exception => (UnusableInput, e.Message), // a program that cannot be started
        ExternalException when NativeError.Text(e) is var said => (Failed,
            said.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || said.Contains("not enough memory", StringComparison.OrdinalIgnoreCase)
                ? $"the memory does not suffice ({said}){SmallerIsLess}" : $"libtorch: {said}"),
        ArgumentNullException or ObjectDisposedException => Unforeseen(e),
        InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or FormatException
            or InvalidOperationException or HttpRequestException => (UnusableInput, Plain(e)),
        _ => Unforeseen(e),
    };

    private static (int Code, string Text) Unforeseen(Exception e) => (Fault,
        $"this is a fault of the kit ({e.GetType().Name}: {Plain(e).Split('\n')[0].Trim()}); please report it with the command"
        + $" and what it prints with {TraceVariable}=1 before it");

    // What .NET adds for programmers: the name of a parameter, and its value.
    private static string Plain(Exception e)
    {
        var text = e is ArgumentException { ParamName: { } name }
            ? e.Message.Replace($" (Parameter '{name}')", string.Empty, StringComparison.Ordinal) : e.Message;
        return e is ArgumentOutOfRangeException && text.IndexOf("Actual value was", StringComparison.Ordinal) is > 0 and var end
            ? text[..end].TrimEnd() : text;
    }

    /// <summary>Shows the verbs that help leaves to the script.</summary>
    public static void Reveal(Command root)
    {
        foreach (var verb in root.Subcommands)
            verb.Hidden = verb.Name == CompletionVerb.Complete;
    }

    /// <summary>A text as a terminal may have it: what would move the cursor is shown, not done.</summary>
    public static string Shown(string text, bool keepLines = false) =>
        Regex.Replace(text, keepLines ? @"[\p{Cc}-[\r\n]]" : @"\p{Cc}", unit => $"\\u{(int)unit.Value[0]:x4}");

    private static void Explain(ParseResult result, string verb)
    {
        // What is lacking may be what was mistyped: that alone is told.
        var mistyped = result.UnmatchedTokens is [var first, ..] ? $"'{first}'" : string.Empty;
        var said = result.Errors.Select(error => error.Message).Distinct();
        foreach (var error in said.Where(error => error.Contains(mistyped, StringComparison.Ordinal)))
            Remark(error);

        if (result.Action is ParseErrorAction corrections)
        {
            corrections.ShowHelp = false;
            result.Invoke(new InvocationConfiguration { Output = Console.Error, Error = TextWriter.Null });
        }

        Remark($"`{verb} --help` shows what there is");
    }

    private static string PathOf(CommandResult verb) =>
        verb.Parent is CommandResult above ? $"{PathOf(above)} {verb.Command.Name}" : verb.Command.Name;

    // A verb that takes arguments takes a mistyped option for one of them.
    private static ParseResult WithoutOptionsAsArguments(ParseResult result, string[] args)
    {
        var token = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal));
        if (token is null || args.Contains("--"))
            return result;

        var strict = new Command(result.CommandResult.Command.Name);
        result.CommandResult.Command.Options.ToList().ForEach(strict.Add);
        return strict.Parse([token.Value]);
    }

    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is Verb verb)
                parseResult.InvocationConfiguration.Output.WriteLine($"Example:\n  {string.Join("\n  ", verb.Examples)}");

            return code;
        }
    }
}
