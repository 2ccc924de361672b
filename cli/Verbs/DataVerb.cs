using System.CommandLine;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit data</c>: everything about data sets.</summary>
internal static class DataVerb
{
    public static Command Create() => new("data", "Makes, checks and fetches data.")
    {
        DataMakeToyVerb.Create(),
    };
}
