using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>Statements about pairs of images as a model takes them.</summary>
/// <param name="Images">Normalised images, first all left ones, then all right ones, <c>[2B, 3, H, W]</c>.</param>
/// <param name="Ids">Statement tokens with [ENC] first, padded, <c>[B, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
/// <param name="Labels">1 where the statement is true, else 0, <c>[B]</c> int64.</param>
/// <param name="PatchClasses">What each patch of each image shows, in the images' order, <c>[2B, patches]</c> int64; null if
/// unknown.</param>
/// <param name="NamedCounts">How many of what a token names are in the left and in the right image, −1 for tokens that name
/// nothing, <c>[B, N, 2]</c> int64; null where it is not known.</param>
public sealed record NlvrPairBatch(
    Tensor Images, Tensor Ids, Tensor Mask, Tensor Labels, Tensor? PatchClasses = null, Tensor? NamedCounts = null)
{
    /// <summary>Tokens of each statement, padding left out.</summary>
    public required IReadOnlyList<int> TextLengths { get; init; }
}

/// <summary>A split of NLVR2. For training on files, as in BLIP's own, each image is augmented by itself, and half of the time
/// the two change places, together with the statement's words "left" and "right".</summary>
public sealed class NlvrPairs : DataSplit
{
    private const int MaxWords = 40;
    private const int MostKinds = 16;
    private const ulong Swap = 2; // the images are 0 and 1

    private readonly Func<int, bool, int[]> tokens;
    private readonly IReadOnlyList<bool> labels;
    private readonly int[] lengths;
    private readonly ulong seed;
    private readonly IReadOnlyList<Nlvr2Example>? annotations;

    /// <summary>Takes over the bytes of P examples, for images small enough.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, left before right image, <c>[P, 2, H, W, 3]</c>.</param>
    /// <param name="tokens">Token ids of every statement, [ENC] first.</param>
    /// <param name="kinds">See <see cref="Kinds"/>.</param>
    /// <param name="patchClasses">What each patch shows, <c>[P, 2, patches]</c>; null where it is not known.</param>
    /// <param name="namedCounts">See <see cref="DataSplit.NamedCounts"/>, <c>[N, 2]</c> for each statement; null where it is not
    /// known.</param>
    /// <exception cref="ArgumentException">They are not of the same examples.</exception>
    public NlvrPairs(
        byte[] pixels, int size, IReadOnlyList<int[]> tokens, IReadOnlyList<bool> answers, IReadOnlyList<string> kinds,
        byte[]? patchClasses = null, IReadOnlyList<sbyte[]>? namedCounts = null, int paddingId = 0)
        : this(
            Drawn(pixels, size, patchClasses, (answers.Count, tokens.Count, kinds.Count)), (example, _) => tokens[example],
            answers, kinds, paddingId, namedCounts) => SwapProbability = 0;

    /// <summary>A split whose images stay on disk: decoded when asked for, ahead of a training that says what it will.</summary>
    /// <param name="tokenizer">BERT's, with BLIP's two tokens.</param>
    /// <param name="longest">The most tokens the model takes.</param>
    public NlvrPairs(IReadOnlyList<Nlvr2Example> examples, BertWordPiece tokenizer, int longest, TrainingImageSettings settings)
        : this(
            new ImageFiles(example => [examples[example].LeftImagePath, examples[example].RightImagePath], settings),
            (example, isSwapped) => Tokens(tokenizer, examples[example].Sentence, longest, isSwapped),
            [.. examples.Select(example => example.Label)], KindsOf(examples), tokenizer.PaddingId) =>
        (annotations, seed) = (examples, settings.Seed);

    private NlvrPairs(
        SplitImages images, Func<int, bool, int[]> tokens, IReadOnlyList<bool> labels, IReadOnlyList<string> kinds, int paddingId,
        IReadOnlyList<sbyte[]>? namedCounts = null)
        : base(images, example => tokens(example, false), paddingId, null, namedCounts)
    {
        (this.tokens, this.labels, Kinds) = (tokens, labels, kinds);
        lengths = [.. labels.Select((_, example) => tokens(example, false).Length)];
    }

    /// <summary>How often the images of a pair change places in training on files.</summary>
    public double SwapProbability { get; init; } = 0.5;

    public override int Count => lengths.Length;

    /// <summary>The kind of each statement, by which scores are split; empty where statements have none, as in the published
    /// splits, whose labels are what the photographs show, too many to tell apart.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <summary>The identifier by which the official evaluation knows an example; null where there is none.</summary>
    public string? Identifier(int example) => annotations?[example].Identifier;

    /// <summary>What examples with the same sentence have in common (consistency asks for all of them to be right); null where it
    /// is not known.</summary>
    public string? Group(int example) => annotations?[example].Group;

    public override int TextLength(int example) => lengths[example];

    /// <summary>Some examples as they are.</summary>
    /// <param name="imagesOf">Takes the images of other examples instead, for showing that images are needed.</param>
    /// <param name="textOf">Takes the statements of other examples instead, for showing that the text is needed.</param>
    public NlvrPairBatch Batch(
        ReadOnlySpan<int> examples, ReadOnlySpan<int> imagesOf = default, ReadOnlySpan<int> textOf = default,
        Device? device = null)
    {
        int[] seen = [.. imagesOf.IsEmpty ? examples : imagesOf], said = [.. textOf.IsEmpty ? examples : textOf];
        return Batch(Pictures.Plain(seen, device), seen, said, examples.ToArray(), [], device);
    }

    /// <summary>Some examples as an epoch of training sees them: augmented, where images come from files.</summary>
    public NlvrPairBatch TrainingBatch(int epoch, ReadOnlySpan<int> examples, Device? device = null)
    {
        int[] all = [.. examples];
        bool[] swapped = SwapProbability == 0 ? [] : [.. all.Select(example =>
            new SeededRandom(SeededRandom.SeedFor(seed, (ulong)epoch, (ulong)example, Swap)).Chance(SwapProbability))];
        return Batch(Swapped(Pictures.Augmented(epoch, examples, device), swapped), all, all, all, swapped, device);
    }

    /// <summary>A statement's tokens as BLIP NLVR2 reads them, [ENC] first.</summary>
    /// <param name="tokenizer">BERT's, with BLIP's two tokens.</param>
    /// <param name="longest">The most tokens the model takes.</param>
    /// <param name="swapped">Whether "left" and "right" change places.</param>
    public static int[] Tokens(BertWordPiece tokenizer, string sentence, int longest = int.MaxValue, bool swapped = false)
    {
        var words = BlipText.PreCaption(sentence, MaxWords);
        var others = words.Split(' ').Select(word => word switch { "left" => "right", "right" => "left", _ => word });
        var ids = tokenizer.EncodeWithSpecials(swapped ? string.Join(' ', others) : words, longest);
        ids[0] = tokenizer.EncoderId!.Value;
        return ids;
    }

    private NlvrPairBatch Batch(Tensor pixels, int[] seen, int[] said, int[] examples, bool[] swapped, Device? device)
    {
        int[][] texts = [.. said.Select((example, i) => tokens(example, swapped.Length > 0 && swapped[i]))];
        var (ids, mask) = Padded(texts, device);
        var truth = tensor(Array.ConvertAll(examples, example => labels[example] ? 1L : 0L), device: device);
        return new NlvrPairBatch(pixels, ids, mask, truth)
        {
            PatchClasses = PatchClasses(seen, device),
            NamedCounts = NamedCounts(said, device),
            TextLengths = [.. texts.Select(text => text.Length)],
        };
    }

    private static DrawnImages Drawn(
        byte[] pixels, int size, byte[]? patchClasses, (int Answers, int Statements, int Kinds) counts)
    {
        var (count, bytes) = (counts.Answers, counts.Answers * 2L * size * size * 3);
        Guard.Argument(counts == (count, count, count) && pixels.Length == bytes,
            $"{count} answers need {count} statements and kinds and {bytes} bytes of pixels, "
            + $"not {counts.Statements}, {counts.Kinds} and {pixels.Length}");
        int[] left = [.. Enumerable.Range(0, count).Select(pair => 2 * pair)];
        return new DrawnImages(pixels, size, patchClasses, left, [.. left.Select(image => image + 1)]);
    }

    private static string[] KindsOf(IReadOnlyList<Nlvr2Example> examples)
    {
        string[] synsets = [.. examples.Select(example => example.Synset).OfType<string>()];
        return synsets.Length == examples.Count && synsets.Distinct().Count() <= MostKinds ? synsets : [];
    }

    private static Tensor Swapped(Tensor pixels, bool[] swapped)
    {
        if (!swapped.Contains(true))
            return pixels;

        // An example's other image is half of the batch further on.
        using (pixels)
        {
            var pairs = swapped.Length;
            var from = Enumerable.Range(0, 2 * pairs).Select(i => (long)(swapped[i % pairs] ? (i + pairs) % (2 * pairs) : i));
            using var order = tensor(from.ToArray(), device: pixels.device);
            return pixels.index_select(0, order);
        }
    }
}
