using System.CommandLine;
using Madtp.Kit.FineTuning;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit train</c>: trains what the kit can train.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var command = new Command("train", "Train a model; a run that was interrupted goes on with --resume.")
        {
            TrainNlvr2Verb.Create(),
            TrainToyNlvr2Verb.Create(),
            TrainToyRetrievalVerb.CreateClip(),
            TrainToyRetrievalVerb.CreateBlip(),
            TrainToyRecipeVerb.CreateCaption(),
            TrainToyRecipeVerb.CreateVqa(),
        };
        foreach (var task in FineTuner.Tasks)
        {
            command.Add(TrainTaskVerb.Create(task));
        }

        return command;
    }
}
