using System.Globalization;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.FineTuning;

/// <summary>The part of a fine-tuning that is the same for every task: files found, model made and filled, weights written.</summary>
internal abstract class FineTuningRun : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private BudgetTask? task;

    /// <summary>Opens the checkpoint.</summary>
    protected FineTuningRun(FineTuningSettings settings)
    {
        Settings = settings;
        Files = new TaskFiles(settings.Data);
        Checkpoint = Owned(CheckpointFile.Open(settings.Checkpoint));
    }

    /// <summary>What is trained; made when it is first asked for.</summary>
    public BudgetTask Task => task ??= Owned(Begin());

    /// <summary>The files whose content decides the result, beside the checkpoint.</summary>
    public abstract IEnumerable<string> Inputs { get; }

    /// <summary>The settings.</summary>
    protected FineTuningSettings Settings { get; }

    /// <summary>Where the data is found.</summary>
    protected TaskFiles Files { get; }

    /// <summary>The weights to begin with.</summary>
    protected CheckpointFile Checkpoint { get; }

    /// <summary>Makes model, data and task.</summary>
    protected abstract BudgetTask Begin();

    /// <summary>Takes parameters out of the model instead of training it as it is: the smaller model, its score on what is watched, and the steps of both trainings; null where that was stopped.</summary>
    public abstract (nn.Module Model, Evaluation Watched, int Steps)? Compress(UPopRun run);

    /// <summary>Writes a smaller model's weights, whose shapes tell their widths.</summary>
    public void Save(string path, int steps, nn.Module smaller)
    {
        var notes = Notes(steps);
        notes["mac_share"] = Settings.MacShare!.Value.ToString("R", CultureInfo.InvariantCulture);
        notes["method"] = FineTuningSettings.UPop;
        ToyWeights.Save(path, smaller, null, notes);
    }

    /// <summary>Writes the weights as they are now, and beside them what <c>kit evaluate</c> must know.</summary>
    public void Save(string path, int steps)
    {
        var notes = Notes(steps);
        var method = Settings.Method ?? PruningMethod.Madtp;
        var isTemperature = method.Dial == PruningMethod.Temperature;
        if (Settings.MacShare is { } share)
        {
            notes["mac_share"] = share.ToString("R", CultureInfo.InvariantCulture);
            notes["method"] = method.Name;
        }

        if (Task.Dial is { } dial && !isTemperature)
        {
            notes[method.Dial.Replace(' ', '_')] = dial.ToString("R", CultureInfo.InvariantCulture);
        }

        ToyWeights.Save(path, Task.Modules[0].Module, isTemperature ? Task.Dial : null, notes); // a temperature is found again by './kit evaluate'
    }

    private Dictionary<string, string> Notes(int steps) => new()
    {
        ["seed"] = Settings.Recipe.Training.Seed.ToString(CultureInfo.InvariantCulture),
        ["steps"] = steps.ToString(CultureInfo.InvariantCulture),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in Enumerable.Reverse(owned))
        {
            one.Dispose();
        }
    }

    /// <summary>Has something disposed with the run.</summary>
    protected T Owned<T>(T one)
        where T : IDisposable
    {
        owned.Add(one);
        return one;
    }

    /// <summary>The alignment guidance: the checkpoint's own, or the recipe's where it has none.</summary>
    protected AlignmentConfig Alignment(AlignmentConfig? own) => Settings.Recipe.NewAlignment || own is null ? Settings.Recipe.Alignment : own;

    /// <summary>The training copies.</summary>
    protected ContrastiveConfig Contrastive => new() { QueueSize = Settings.Recipe.QueueSize, Momentum = Settings.Recipe.Momentum };

    /// <summary>What the task is told, whichever it is.</summary>
    protected BudgetSettings Budget => new()
    {
        AlignmentWeight = Settings.PrunesParameters ? 0 : Settings.Recipe.AlignmentWeight,
        MacShare = Settings.PrunesParameters ? null : Settings.MacShare,
        CalibrationExamples = Settings.Recipe.CalibrationExamples,
        CalibrationsPerEpoch = Settings.Recipe.CalibrationsPerEpoch,
    };

    /// <summary>The same for retrieval.</summary>
    protected RetrievalTaskSettings RetrievalSettings() => new()
    {
        AlignmentWeight = Budget.AlignmentWeight,
        MacShare = Budget.MacShare,
        CalibrationExamples = Budget.CalibrationExamples,
        CalibrationsPerEpoch = Budget.CalibrationsPerEpoch,
        Distillation = Settings.Recipe.Distillation,
    };

    /// <summary>A BLIP's sizes as it is trained.</summary>
    protected BlipConfig Trained(BlipConfig sizes) => sizes with
    {
        Vision = sizes.Vision with { ImageSize = Settings.ImageSize ?? sizes.Vision.ImageSize, DropPath = Settings.Recipe.DropPath },
        Text = sizes.Text with { Dropout = Settings.Recipe.Dropout },
        Alignment = Alignment(sizes.Alignment),
    };

    /// <summary>How many training examples are opened; where nothing is trained, as many as are calibrated on.</summary>
    protected int? Examples => Settings.TrainExamples == 0 ? Settings.Recipe.CalibrationExamples : Settings.TrainExamples;

    /// <summary>How images are prepared.</summary>
    protected TrainingImageSettings Images(int size) => new(size)
    {
        Transform = Settings.Transform,
        Seed = (ulong)Settings.Recipe.Training.Seed,
        Workers = Settings.Workers,
    };

    /// <summary>Whether the method counts padding as tokens, so that it must get as much as the released code.</summary>
    protected bool CountsPadding => Settings.MacShare is not null && Settings.Method?.Policy(1).ExcludePadding == false;

    /// <summary>
    /// A model by the recipe's seed, filled from the checkpoint. Alignment guidance, queues and momentum copies may be missing there:
    /// then the first begins at random, queues empty, and copies at what they copy.
    /// </summary>
    /// <exception cref="InvalidDataException">Other tensors are missing or of another shape; the message lists them.</exception>
    protected T Filled<T>(Func<T> make)
        where T : nn.Module
    {
        manual_seed(Settings.Recipe.Training.Seed);
        var model = Owned(make());
        var targets = model.state_dict().Where(tensor => !Settings.Recipe.NewAlignment || !PretrainedStart.IsGuidance(tensor.Key)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        CheckpointLoader.Load(targets, Checkpoint).RequireComplete(name => PretrainedStart.IsGuidance(name) || ToyWeights.IsForTraining(name));
        return model.to(Settings.Device);
    }
}
