using System.CommandLine;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit score</c>: the field's metrics on the field's files.</summary>
internal static class ScoreVerb
{
    /// <summary>The verb with its four tasks.</summary>
    public static Command Create() => new("score", "Score predictions as the field does, from the field's own files: caption, vqa, nlvr2 or retrieval.")
    {
        ScoreCaption.Create(),
        ScoreVqa.Create(),
        ScoreNlvr2.Create(),
        ScoreRetrieval.Create(),
    };

    /// <summary>A file the command cannot do without.</summary>
    public static Option<string> Required(string name, string description) => new(name) { Description = description, HelpName = "FILE", Required = true };

    /// <summary>The option to print JSON.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON instead of a table." };
}
