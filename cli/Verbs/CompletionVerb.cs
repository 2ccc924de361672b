namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit completion</c>: a script that teaches a shell to complete verbs, options and their values.</summary>
internal static class CompletionVerb
{
    /// <summary>What the script calls at each press of the key: <c>kit complete "LINE"</c>.</summary>
    public const string Complete = "complete";

    private const string Script = """
        # Completion of ./kit for bash and zsh.
        if [ -n "${ZSH_VERSION-}" ]; then
            autoload -Uz compinit bashcompinit && compinit && bashcompinit
        fi
        _kit() {
            local IFS=$'\n' kit=${COMP_WORDS[0]/#\~/$HOME} words
            words=$("$kit" complete "${COMP_LINE:0:$COMP_POINT}" 2>/dev/null)
            COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[$COMP_CWORD]}"))
        }
        complete -o default -F _kit kit
        """;

    public static Command Create()
    {
        var verb = new Verb(
            "completion", "Print what teaches bash or zsh to complete ./kit; a line in ~/.bashrc or ~/.zshrc keeps it.",
            "source <(./kit completion)");
        verb.SetAction(_ => Console.WriteLine(Script));
        return verb;
    }

    /// <summary>The verb that the script calls: what may follow a line, one word a line.</summary>
    public static Command CreateComplete()
    {
        var verb = new Verb(Complete, "What may follow a command line.", "./kit complete \"./kit tr\"") { Hidden = true };
        var line = verb.Argument<string>("LINE", "What was typed up to the cursor.", ArgumentArity.ExactlyOne);
        verb.SetAction(parsed =>
        {
            var root = CommandLine.Root();
            CommandLine.Reveal(root);
            var words = parsed.GetRequiredValue(line);
            var rest = words[(words.IndexOf(' ', StringComparison.Ordinal) + 1)..];
            foreach (var item in root.Parse(rest).GetCompletions(rest.Length).Select(item => item.Label)
                .Where(item => item is not (['-', not '-', ..] or ['/', ..]))) // -h, -? and Windows' /h, /?
            {
                Console.WriteLine(item);
            }
        });
        return verb;
    }
}
