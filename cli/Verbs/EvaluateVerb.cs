using System.CommandLine;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate</c>: scores trained models.</summary>
internal static class EvaluateVerb
{
    public static Command Create() => new("evaluate", "Score a trained model: accuracy and multiply-accumulates.")
    {
        EvaluateToyNlvr2Verb.Create(),
        EvaluateToyRetrievalVerb.CreateClip(),
        EvaluateToyRetrievalVerb.CreateBlip(),
    };
}
