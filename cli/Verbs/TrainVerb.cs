using System.CommandLine;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train</c>: trains what the kit can train.</summary>
internal static class TrainVerb
{
    public static Command Create() => new("train", "Train a model; a run that was interrupted goes on with --resume.")
    {
        TrainToyNlvr2Verb.Create(),
        TrainToyRetrievalVerb.CreateClip(),
        TrainToyRetrievalVerb.CreateBlip(),
        TrainToyRecipeVerb.CreateCaption(),
        TrainToyRecipeVerb.CreateVqa(),
    };
}
