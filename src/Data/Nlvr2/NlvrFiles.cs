using Madtp.Kit.Data.Batching;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Nlvr2;

/// <summary>
/// A split of NLVR2 whose images stay on disk: decoded when they are asked for, ahead of a training that says what it will ask for.
/// For training, as in BLIP's own, each image is augmented by itself, and half of the time the two change places, together with the
/// statement's words "left" and "right".
/// </summary>
public sealed class NlvrFiles : INlvrPairs
{
    private const int MostKinds = 16;
    private const ulong Swap = 2; // the images are 0 and 1

    private readonly IReadOnlyList<Nlvr2Example> examples;
    private readonly NlvrText text;
    private readonly TrainingImages<Nlvr2Example> images;
    private readonly TrainingImageSettings settings;
    private readonly int[] lengths;

    /// <summary>A split over its annotations.</summary>
    /// <param name="examples">The annotations.</param>
    /// <param name="tokenizer">BERT's, with BLIP's two tokens.</param>
    /// <param name="longest">The most tokens the model takes.</param>
    /// <param name="settings">How images are prepared.</param>
    public NlvrFiles(IReadOnlyList<Nlvr2Example> examples, BertWordPiece tokenizer, int longest, TrainingImageSettings settings)
    {
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(settings);
        (this.examples, this.settings) = (examples, settings);
        text = new NlvrText(tokenizer, longest);
        images = new TrainingImages<Nlvr2Example>(examples, example => [example.LeftImagePath, example.RightImagePath], settings);
        lengths = [.. examples.Select(example => text.Tokens(example.Sentence).Length)];
        string[] synsets = [.. examples.Select(example => example.Synset).OfType<string>()];
        Kinds = synsets.Length == examples.Count && synsets.Distinct().Count() <= MostKinds ? synsets : [];
    }

    /// <summary>How often the images of a pair change places in training.</summary>
    public double SwapProbability { get; init; } = 0.5;

    /// <inheritdoc/>
    public int Count => examples.Count;

    /// <summary>The toy world's kinds of statements; none of the published splits, whose labels are what the photographs show, too many to tell apart.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <inheritdoc/>
    public string Identifier(int example) => examples[example].Identifier;

    /// <inheritdoc/>
    public string Group(int example) => examples[example].Group;

    /// <inheritdoc/>
    public int TextLength(int example) => lengths[example];

    /// <inheritdoc/>
    public NlvrPairBatch Batch(ReadOnlySpan<int> chosen, ReadOnlySpan<int> imagesOf = default, ReadOnlySpan<int> textOf = default, Device? device = null)
    {
        var pixels = images.Plain(imagesOf.IsEmpty ? chosen : imagesOf, device); // [2B, 3, H, W]
        return Batch(pixels, chosen, [.. Of(textOf.IsEmpty ? chosen : textOf).Select(example => text.Tokens(example.Sentence))], device);
    }

    /// <inheritdoc/>
    public NlvrPairBatch TrainingBatch(int epoch, ReadOnlySpan<int> chosen, Device? device = null)
    {
        bool[] swapped = [.. chosen.ToArray().Select(example => new SeededRandom(SeededRandom.SeedFor(settings.Seed, (ulong)epoch, (ulong)example, Swap)).Chance(SwapProbability))];
        var pixels = images.Augmented(epoch, chosen, device); // [2B, 3, H, W]
        return Batch(Swapped(pixels, swapped), chosen, [.. Of(chosen).Select((example, i) => text.Tokens(example.Sentence, swapped[i]))], device);
    }

    /// <inheritdoc/>
    public void Foresee(IEnumerable<PlannedBatch> plan) => images.Foresee(plan);

    /// <inheritdoc/>
    public void Dispose() => images.Dispose();

    private Nlvr2Example[] Of(ReadOnlySpan<int> chosen) => Array.ConvertAll(chosen.ToArray(), example => examples[example]);

    private NlvrPairBatch Batch(Tensor pixels, ReadOnlySpan<int> chosen, int[][] tokens, Device? device)
    {
        var padded = TokenBatch.Pad(tokens, text.PaddingId);
        return new NlvrPairBatch(
            pixels,
            tensor(padded.Ids, [padded.Count, padded.Length], device: device),
            tensor(padded.AttentionMask, [padded.Count, padded.Length], dtype: float32, device: device),
            tensor(Of(chosen).Select(example => example.Label ? 1L : 0L).ToArray(), device: device))
        {
            TextLengths = [.. tokens.Select(ids => ids.Length)],
        };
    }

    private static Tensor Swapped(Tensor pixels, bool[] swapped)
    {
        if (!swapped.Contains(true))
        {
            return pixels;
        }

        // An example's other image is half of the batch further on.
        using (pixels)
        {
            var pairs = swapped.Length;
            using var order = tensor(Enumerable.Range(0, 2 * pairs).Select(i => (long)(swapped[i % pairs] ? (i + pairs) % (2 * pairs) : i)).ToArray(), device: pixels.device);
            return pixels.index_select(0, order);
        }
    }
}
