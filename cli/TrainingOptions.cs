using System.CommandLine;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli;

/// <summary>Options of a training that fit it to the machine.</summary>
internal sealed class TrainingOptions
{
    private readonly Option<int?> batch = new("--batch-size") { Description = "Examples per step, instead of the recipe's." };
    private readonly Option<int?> accumulate = new("--accumulate") { Description = "Parts that a batch is worked through in, for less memory, instead of the recipe's." };
    private readonly Option<bool> recompute = new("--recompute") { Description = "Gradient checkpointing: computes blocks again in the backward pass, for much less memory." };
    private readonly Option<int?> checkpoint = new("--checkpoint-every") { Description = "Steps between checkpoints, instead of the recipe's." };

    public void AddTo(Command command)
    {
        command.Add(batch);
        command.Add(accumulate);
        command.Add(recompute);
        command.Add(checkpoint);
    }

    public TrainingSettings Apply(ParseResult parsed, TrainingSettings settings) => settings with
    {
        BatchSize = parsed.GetValue(batch) ?? settings.BatchSize,
        AccumulateSteps = parsed.GetValue(accumulate) ?? settings.AccumulateSteps,
        GradientCheckpointing = parsed.GetValue(recompute),
        CheckpointEvery = parsed.GetValue(checkpoint) ?? settings.CheckpointEvery,
    };
}
