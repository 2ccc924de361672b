using System.CommandLine;
using Madtp.Kit.Evaluations;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate</c>: scores trained models, on a task's files or on the toy world drawn into memory.</summary>
internal static class EvaluateVerb
{
    public static Command Create()
    {
        var command = new Command("evaluate", "Score a trained model: accuracy and multiply-accumulates.");
        foreach (var task in Evaluator.Tasks)
        {
            command.Add(EvaluateTaskVerb.Create(task));
        }

        command.Add(EvaluateToyNlvr2Verb.Create());
        command.Add(EvaluateToyRetrievalVerb.CreateClip());
        command.Add(EvaluateToyRetrievalVerb.CreateBlip());
        command.Add(EvaluateToyRecipeVerb.CreateCaption());
        command.Add(EvaluateToyRecipeVerb.CreateVqa());
        return command;
    }
}
