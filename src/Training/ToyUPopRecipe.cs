using System.Globalization;
using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>How the toy BLIP-NLVR2 is compressed by UPop: a search over all widths from the plain weights, then the smaller model trained again.</summary>
public sealed record ToyUPopRecipe
{
    /// <summary>Weights to begin with.</summary>
    public required string From { get; init; }

    /// <summary>Search and retraining.</summary>
    public required UPopTraining Training { get; init; }

    /// <summary>The data.</summary>
    public ToyWorldSettings World { get; init; } = new();

    /// <summary>What the weights are called.</summary>
    public string FileName => FormattableString.Invariant($"toy-nlvr2-upop-{Training.Settings.MacShare}.safetensors");

    /// <summary>The recipe for a budget.</summary>
    /// <param name="macShare">Share of multiply-accumulates, between 0 and 1.</param>
    /// <param name="from">Weights to begin with; those that come with the kit if null.</param>
    /// <param name="seed">Seed of the order of the examples.</param>
    /// <param name="epochs">Passes over the training pairs in each of the two parts.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not between 0 and 1.</exception>
    public static ToyUPopRecipe For(double macShare, string? from = null, long seed = 1, int epochs = 2)
    {
        if (macShare is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(macShare), macShare, "a share of multiply-accumulates lies between 0 and 1");
        }

        var each = new TrainingSettings { Epochs = epochs, LearningRate = 3e-4, WarmupSteps = 20, CheckpointEvery = 60, Seed = seed };
        return new()
        {
            From = from ?? ToyNlvr2.WeightsPath(),
            Training = UPopTraining.Of(new UPopSettings { MacShare = macShare, UpdateEvery = 10 }, each),
        };
    }

    /// <summary>
    /// Searches, extracts, trains again, scores the test split, and writes the weights into the folder.
    /// </summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resume">Goes on with what is in the folder.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report; null where the training was stopped.</returns>
    public ToyNlvr2Report? Run(string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var train = ToyNlvr2Pairs.Draw("train", World);
        using var dev = ToyNlvr2Pairs.Draw("dev", World);
        using var model = ToyNlvr2.Load(From).Model;
        using var smaller = Training.Run(PrunableFamilies.Nlvr, model, one => new NlvrTask(one, train, dev, new NlvrTaskSettings { AlignmentWeight = 0 }), folder, resume, progress, cancellation);
        if (smaller is null)
        {
            return null;
        }

        using var test = ToyNlvr2Pairs.Draw("test1", World);
        var report = new ToyNlvr2Report(NlvrEvaluator.Evaluate(smaller, dev, "dev"), NlvrEvaluator.Evaluate(smaller, test, "test1"))
        {
            ShuffledImages = NlvrEvaluator.Evaluate(smaller, test, "test1", shuffle: NlvrShuffle.Images),
            ShuffledText = NlvrEvaluator.Evaluate(smaller, test, "test1", shuffle: NlvrShuffle.Text),
        };
        CompressedWeights.Save(Path.Combine(folder, FileName), smaller, new Dictionary<string, string>
        {
            ["seed"] = Training.Search.Seed.ToString(CultureInfo.InvariantCulture),
            ["test_accuracy"] = report.Test.Accuracy.ToString("R", CultureInfo.InvariantCulture),
            ["test_mac_share"] = report.Test.MacShare.ToString("R", CultureInfo.InvariantCulture),
        });
        return report;
    }
}
