using System.CommandLine;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit data</c>: everything about data sets.</summary>
internal static class DataVerb
{
    public static Command Create() => new("data", "Makes, checks and fetches data.")
    {
        DataMakeToyVerb.Create(),
        DataStatusVerb.Create(),
        DataGetVerb.Create(),
    };

    /// <summary>The folder of all data sets, which every verb under this one takes.</summary>
    public static Option<string> FolderOption() => new("--data") { Description = "The folder of all data sets.", DefaultValueFactory = _ => "data" };
}
