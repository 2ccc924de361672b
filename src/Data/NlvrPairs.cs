using Madtp.Kit.Data.Images;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A split of NLVR2 as models read it, decoded in memory (<see cref="NlvrPairs"/>) or on disk (<see cref="NlvrFiles"/>).</summary>
public interface INlvrPairs : IDisposable
{
    /// <summary>P, how many examples there are.</summary>
    int Count { get; }

    /// <summary>The kind of each statement, by which scores are split; empty where statements have no kinds.</summary>
    IReadOnlyList<string> Kinds { get; }

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

/// <summary>Statements about pairs of images as a model takes them.</summary>
/// <param name="Images">Normalised images, first all left ones, then all right ones, <c>[2B, 3, H, W]</c>.</param>
/// <param name="Ids">Statement tokens with [ENC] first, padded, <c>[B, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
/// <param name="Labels">1 where the statement is true, else 0, <c>[B]</c> int64.</param>
public sealed record NlvrPairBatch(Tensor Images, Tensor Ids, Tensor Mask, Tensor Labels)
{
    /// <summary>What each patch of each image shows, in the images' order, <c>[2B, patches]</c> int64; null where it is not known.</summary>
    public Tensor? PatchClasses { get; init; }

    /// <summary>How many of what a token names are in the left and in the right image, −1 for tokens that name nothing, <c>[B, N, 2]</c> int64; null where it is not known.</summary>
    public Tensor? NamedCounts { get; init; }

    /// <summary>Tokens of each statement, padding left out.</summary>
    public required IReadOnlyList<int> TextLengths { get; init; }
}

/// <summary>
/// A split of NLVR2 kept decoded in memory, for images small enough: one byte a channel, so that a batch is a gather and a
/// normalisation and nothing has to be prepared ahead.
/// </summary>
public sealed class NlvrPairs : INlvrPairs
{
    private readonly Tensor images;
    private readonly Tensor ids;
    private readonly Tensor labels;
    private readonly Tensor? patchClasses;
    private readonly Tensor? namedCounts;
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private readonly int[] lengths;

    /// <summary>Marks a token that names nothing (see <see cref="NlvrPairBatch.NamedCounts"/>).</summary>
    public const sbyte Unnamed = -1;

    /// <summary>Takes over the bytes of P examples.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, left before right image, <c>[P, 2, H, W, 3]</c>.</param>
    /// <param name="size">H and W.</param>
    /// <param name="tokens">Token ids of every statement, [ENC] first.</param>
    /// <param name="answers">Whether each statement is true.</param>
    /// <param name="kinds">A word for the kind of each statement; what scores are split by.</param>
    /// <param name="patchClasses">What each patch shows, <c>[P, 2, patches]</c>; null where it is not known.</param>
    /// <param name="namedCounts">How many of what each token names are in the left and in the right image, <c>[N, 2]</c> for each statement; null where it is not known.</param>
    /// <param name="paddingId">Id of the padding piece.</param>
    public NlvrPairs(byte[] pixels, int size, IReadOnlyList<int[]> tokens, IReadOnlyList<bool> answers, IReadOnlyList<string> kinds, byte[]? patchClasses = null, IReadOnlyList<sbyte[]>? namedCounts = null, int paddingId = 0)
    {
        Count = answers.Count;
        if (pixels.Length != Count * 2 * size * size * 3 || tokens.Count != Count || kinds.Count != Count)
        {
            throw new ArgumentException($"{Count} answers need {Count} statements and kinds and {Count * 2L * size * size * 3} bytes of pixels, not {tokens.Count}, {kinds.Count} and {pixels.Length}");
        }

        Kinds = kinds;
        lengths = [.. tokens.Select(t => t.Length)];
        using var scope = NewDisposeScope();
        images = tensor(pixels, [Count, 2, size, size, 3]).permute(0, 1, 4, 2, 3).contiguous().DetachFromDisposeScope(); // [P, 2, 3, H, W]
        ids = tensor(Padded(tokens, lengths.Max(), (long)paddingId), [Count, lengths.Max()]).DetachFromDisposeScope();
        labels = tensor(answers.Select(a => a ? 1L : 0L).ToArray()).DetachFromDisposeScope();
        this.patchClasses = patchClasses is null ? null : tensor(patchClasses, [Count, 2, patchClasses.Length / (2 * Count)]).DetachFromDisposeScope();
        this.namedCounts = namedCounts is null ? null : tensor(Padded(namedCounts, 2 * lengths.Max(), (long)Unnamed), [Count, lengths.Max(), 2]).DetachFromDisposeScope();
        var normalization = ImageNormalization.Clip;
        mean = tensor(normalization.Mean.Select(m => m * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
        deviation = tensor(normalization.Deviation.Select(d => d * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Kinds { get; }

    /// <inheritdoc/>
    public int TextLength(int example) => lengths[example];

    /// <inheritdoc/>
    public NlvrPairBatch Batch(ReadOnlySpan<int> examples, ReadOnlySpan<int> imagesOf = default, ReadOnlySpan<int> textOf = default, Device? device = null)
    {
        using var scope = NewDisposeScope();
        var own = Index(examples);
        var seen = imagesOf.IsEmpty ? own : Index(imagesOf);
        var said = textOf.IsEmpty ? own : Index(textOf);
        var textLengths = Lengths(textOf.IsEmpty ? examples : textOf);
        var longest = textLengths.Max();
        var pair = images.index_select(0, seen).to(float32); // [B, 2, 3, H, W]
        var both = ((cat([pair.select(1, 0), pair.select(1, 1)]) - mean) / deviation).On(device).MoveToOuterDisposeScope(); // [2B, 3, H, W]
        var words = ids.index_select(0, said).slice(1, 0, longest, 1).contiguous().On(device).MoveToOuterDisposeScope(); // [B, N]
        var real = arange(longest, dtype: int64).unsqueeze(0) < tensor(textLengths.Select(n => (long)n).ToArray()).unsqueeze(1);
        var patches = patchClasses?.index_select(0, seen).to(int64);
        return new NlvrPairBatch(both, words, real.to(float32).On(device).MoveToOuterDisposeScope(), labels.index_select(0, own).On(device).MoveToOuterDisposeScope())
        {
            PatchClasses = patches is null ? null : cat([patches.select(1, 0), patches.select(1, 1)]).On(device).MoveToOuterDisposeScope(),
            NamedCounts = namedCounts?.index_select(0, said).slice(1, 0, longest, 1).contiguous().On(device).MoveToOuterDisposeScope(),
            TextLengths = textLengths,
        };
    }

    /// <summary>The same as <see cref="Batch"/>: in memory nothing is augmented.</summary>
    public NlvrPairBatch TrainingBatch(int epoch, ReadOnlySpan<int> examples, Device? device = null) => Batch(examples, device: device);

    /// <summary>Nothing has to be read ahead.</summary>
    public void Foresee(IEnumerable<PlannedBatch> plan)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in new[] { images, ids, labels, patchClasses, namedCounts, mean, deviation })
        {
            one?.Dispose();
        }
    }

    private static Tensor Index(ReadOnlySpan<int> examples)
    {
        var numbers = new long[examples.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = examples[i];
        }

        return tensor(numbers);
    }

    private int[] Lengths(ReadOnlySpan<int> examples)
    {
        var of = new int[examples.Length];
        for (var i = 0; i < of.Length; i++)
        {
            of[i] = lengths[examples[i]];
        }

        return of;
    }

    private static long[] Padded<T>(IReadOnlyList<T[]> rows, int width, long padding)
        where T : System.Numerics.IBinaryInteger<T>
    {
        var padded = new long[rows.Count * width];
        Array.Fill(padded, padding);
        for (var row = 0; row < rows.Count; row++)
        {
            for (var i = 0; i < rows[row].Length; i++)
            {
                padded[(row * width) + i] = long.CreateChecked(rows[row][i]);
            }
        }

        return padded;
    }
}

/// <summary>A statement's tokens as BLIP NLVR2 reads them.</summary>
/// <param name="tokenizer">BERT's, with BLIP's two tokens.</param>
/// <param name="longest">The most tokens a model takes.</param>
internal sealed class NlvrText(BertWordPiece tokenizer, int longest)
{
    private const int MaxWords = 40;

    /// <summary>What fills short statements up.</summary>
    public int PaddingId => tokenizer.PaddingId;

    /// <summary>The tokens, [ENC] first.</summary>
    /// <param name="sentence">The statement, as written.</param>
    /// <param name="swapped">Whether "left" and "right" change places.</param>
    public int[] Tokens(string sentence, bool swapped = false)
    {
        var words = BlipText.PreCaption(sentence, MaxWords);
        var ids = tokenizer.EncodeWithSpecials(swapped ? Swapped(words) : words, longest);
        ids[0] = tokenizer.EncoderId!.Value;
        return ids;
    }

    /// <summary>The statement with "left" and "right" in each other's place.</summary>
    internal static string Swapped(string words) => string.Join(' ', words.Split(' ').Select(word => word switch
    {
        "left" => "right",
        "right" => "left",
        _ => word,
    }));
}
