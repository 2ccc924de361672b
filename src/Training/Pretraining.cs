using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>The neutral pretraining of the world with decoys, which treats objects and glyphs alike: first the image encoder
/// learns what each patch shows, on single pictures; then, the image encoder kept, the text encoder learns to look things up and
/// to answer, on statements about objects and about glyphs.</summary>
/// <param name="Folder">Where the two trainings keep their files, and the weights.</param>
public sealed record Pretraining(string Folder)
{
    public DecoySettings World { get; init; } = new();

    /// <summary>Pictures that are learned from.</summary>
    public int Pictures { get; init; } = 16_000;

    /// <summary>Statements in an epoch of the second training; each epoch has others.</summary>
    public int Statements { get; init; } = 20_000;

    /// <summary>Held-out statements that the second training is watched by.</summary>
    public int WatchedStatements { get; init; } = 2_000;

    /// <summary>Held-out pictures that those are about; of the first training's patches, the first 400 of them.</summary>
    public int HeldPictures { get; init; } = 1_000;

    /// <summary>How the patches' classes are learned.</summary>
    public TrainingSettings PatchTraining { get; init; } =
        new() { Epochs = 4, BatchSize = 32, LearningRate = 1.5e-3, WarmupSteps = 100, CheckpointEvery = 250 };

    /// <summary>How statements are learned.</summary>
    public TrainingSettings StatementTraining { get; init; } =
        new() { Epochs = 40, BatchSize = 64, LearningRate = 1.5e-3, WarmupSteps = 200, CheckpointEvery = 500 };

    /// <summary>The two trainings, one after the other; goes on where an earlier call stopped.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The scores of held-out patches and statements; null where it was stopped.</returns>
    public (Evaluation Patches, Evaluation Statements)? Run(
        Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        manual_seed(PatchTraining.Seed);
        using var model = new BlipNlvr(BlipConfig.Decoys);
        ToyModels.Randomize(model);
        using var patches = new PatchLessons(model, World, Pictures, Math.Min(400, HeldPictures));
        if (!new Trainer(patches, PatchTraining, Path.Combine(Folder, "patches"))
            .Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var seen = patches.Validate();
        using var statements = new StatementLessons(model, this);
        if (!new Trainer(statements, StatementTraining, Path.Combine(Folder, "statements"))
            .Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var read = statements.Validate();
        static string Number(double value) => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        ToyModels.Save(Path.Combine(Folder, Training.Run.WeightsName), model, null, new Dictionary<string, string>
        {
            ["task"] = "nlvr2",
            ["seed"] = Number(PatchTraining.Seed),
            ["patch_accuracy"] = Number(seen.Accuracy),
            ["statement_accuracy"] = Number(read.Accuracy),
        });
        return (seen, read);
    }
}
