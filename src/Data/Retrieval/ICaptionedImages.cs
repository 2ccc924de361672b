using Madtp.Kit.Data.Batching;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Retrieval;

/// <summary>
/// A split of captioned images as models read them, decoded in memory (<see cref="CaptionedImages"/>) or on disk
/// (<see cref="CaptionFiles"/>). An example is a caption with its image.
/// </summary>
public interface ICaptionedImages : IDisposable
{
    /// <summary>I, how many images there are.</summary>
    int Images { get; }

    /// <summary>T, how many captions there are.</summary>
    int Captions { get; }

    /// <summary>Each caption's image.</summary>
    IReadOnlyList<int> ImageOfCaption { get; }

    /// <summary>An image's captions as people wrote them; null where only their tokens are known.</summary>
    IReadOnlyList<string>? Written(int image) => null;

    /// <summary>The name by which the official evaluation knows an image; null where there is none.</summary>
    string? ImageId(int image) => null;

    /// <summary>Tokens of one caption, padding left out.</summary>
    int TextLength(int caption);

    /// <summary>Normalised pixels of some images as they are, <c>[B, 3, H, W]</c>.</summary>
    /// <param name="of">The images' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor Pixels(IReadOnlyList<int> of, Device? device = null);

    /// <summary>Normalised pixels of some captions' images as training sees them, <c>[B, 3, H, W]</c>: augmented, where images come from files.</summary>
    /// <param name="epoch">The epoch, which decides the augmentation.</param>
    /// <param name="captions">The captions' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor TrainingPixels(int epoch, ReadOnlySpan<int> captions, Device? device = null);

    /// <summary>Ids and mask of some captions, each <c>[B, N]</c>, no wider than the longest of them.</summary>
    /// <param name="captions">The captions' numbers.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> captions, Device? device = null);

    /// <summary>What each patch of some images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    /// <param name="of">The images' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor? PatchClasses(IReadOnlyList<int> of, Device? device = null);

    /// <summary>Told what <see cref="TrainingPixels"/> will be asked for, in order, so that files are read ahead.</summary>
    /// <param name="plan">The batches; empty when there will be none.</param>
    void Foresee(IEnumerable<PlannedBatch> plan);
}
