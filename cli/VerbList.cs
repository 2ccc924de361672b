using System.CommandLine;
using Madtp.Kit.Cli.Verbs;

namespace Madtp.Kit.Cli;

/// <summary>Every verb of <c>./kit</c> that the library answers, in the order the help shows them.</summary>
internal static class VerbList
{
    public static readonly Func<Command>[] All =
    [
        VerifyVerb.Create,
        MacsVerb.Create,
        DataVerb.Create,
        TokenizeVerb.Create,
        ScoreVerb.Create,
        CheckpointVerb.Create,
        TrainVerb.Create,
        EvaluateVerb.Create,
        ExperimentVerb.Create,
        SweepVerb.Create,
        RunsVerb.Create,
        DoctorVerb.Create,
    ];
}
