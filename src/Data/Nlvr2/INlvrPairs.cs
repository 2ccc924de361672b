using Madtp.Kit.Data.Batching;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Nlvr2;

/// <summary>A split of NLVR2 as models read it, decoded in memory (<see cref="NlvrPairs"/>) or on disk (<see cref="NlvrFiles"/>).</summary>
public interface INlvrPairs : IDisposable
{
    /// <summary>P, how many examples there are.</summary>
    int Count { get; }

    /// <summary>The kind of each statement, by which scores are split; empty where statements have no kinds.</summary>
    IReadOnlyList<string> Kinds { get; }

    /// <summary>The identifier by which the official evaluation knows an example; null where there is none.</summary>
    string? Identifier(int example) => null;

    /// <summary>What examples with the same sentence have in common: consistency asks for all of them to be right; null where it is not known.</summary>
    string? Group(int example) => null;

    /// <summary>Tokens of one statement, padding left out.</summary>
    int TextLength(int example);

    /// <summary>Some examples as they are.</summary>
    /// <param name="examples">Their numbers.</param>
    /// <param name="imagesOf">Takes the images of other examples instead, for showing that images are needed.</param>
    /// <param name="textOf">Takes the statements of other examples instead, for showing that the text is needed.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    NlvrPairBatch Batch(ReadOnlySpan<int> examples, ReadOnlySpan<int> imagesOf = default, ReadOnlySpan<int> textOf = default, Device? device = null);

    /// <summary>Some examples as an epoch of training sees them: augmented, where images come from files.</summary>
    /// <param name="epoch">The epoch, which decides the augmentation.</param>
    /// <param name="examples">The examples' numbers.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    NlvrPairBatch TrainingBatch(int epoch, ReadOnlySpan<int> examples, Device? device = null);

    /// <summary>Told what <see cref="TrainingBatch"/> will be asked for, in order, so that files are read ahead.</summary>
    /// <param name="plan">The batches; empty when there will be none.</param>
    void Foresee(IEnumerable<PlannedBatch> plan);
}
