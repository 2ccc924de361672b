using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using Madtp.Kit.Text;
using TorchSharp;

namespace Madtp.Kit.Training;

/// <summary>The model and the splits of a training on NLVR2's files.</summary>
internal sealed class Nlvr2Materials : IDisposable
{
    private Nlvr2Materials(BlipNlvr model, NlvrPairs train, NlvrPairs dev, NlvrPairs test) => (Model, Train, Dev, Test) = (model, train, dev, test);

    /// <summary>The model, on the recipe's device.</summary>
    public BlipNlvr Model { get; }

    /// <summary>Examples to train on.</summary>
    public NlvrPairs Train { get; }

    /// <summary>Examples to watch.</summary>
    public NlvrPairs Dev { get; }

    /// <summary>Public test examples.</summary>
    public NlvrPairs Test { get; }

    /// <summary>Opens everything that a recipe names.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the model.</exception>
    public static Nlvr2Materials Open(Nlvr2Recipe recipe)
    {
        var files = new TaskFiles(recipe.Data);
        string[] annotations = [.. new[] { "train", "dev", "test1" }.Select(split => files.Require("nlvr2", Nlvr2Names.Of(split)))];
        var vocabulary = files.Vocabulary(recipe.Vocabulary, Nlvr2Names.Vocabularies);
        var tokenizer = BertWordPiece.Load(vocabulary);
        using var checkpoint = CheckpointFile.Open(recipe.Checkpoint);
        var sizes = CheckpointSizes.Blip(checkpoint);
        BlipVocabulary.Require(tokenizer, vocabulary, sizes, checkpoint);
        sizes = sizes with
        {
            Vision = sizes.Vision with { ImageSize = recipe.ImageSize ?? sizes.Vision.ImageSize, DropPath = recipe.DropPath },
            Alignment = recipe.Alignment,
        };
        var images = new TrainingImageSettings(sizes.Vision.ImageSize) { Seed = (ulong)recipe.Training.Seed };
        NlvrPairs Split(IReadOnlyList<Nlvr2Example> examples) => new NlvrPairs(examples, tokenizer, sizes.Text.MaxPositions, images);
        var train = Nlvr2Dataset.Load(annotations[0]);
        return new Nlvr2Materials(
            PretrainedStart.Model(() => new BlipNlvr(sizes), checkpoint, recipe.Training.Seed).to(recipe.Device),
            Split(recipe.TrainExamples is { } first ? new FirstExamples<Nlvr2Example>(train, first) : train),
            Split(Nlvr2Dataset.Load(annotations[1])),
            Split(Nlvr2Dataset.Load(annotations[2])));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Train.Dispose();
        Dev.Dispose();
        Test.Dispose();
        Model.Dispose();
    }
}
