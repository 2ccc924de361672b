using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A split as models read it, its images in memory or on disk, where a broken or missing one is named by an
/// <see cref="InvalidDataException"/> or a <see cref="FileNotFoundException"/>. Every example has a text. Examples go by their
/// numbers; tensors lie on the processor where no device is named.</summary>
public abstract class DataSplit : IDisposable
{
    /// <summary>Marks a token that names nothing (see <see cref="NamedCounts"/>).</summary>
    public const sbyte Unnamed = -1;

    private readonly Func<int, int[]> tokens;
    private readonly int paddingId;
    private readonly int? width;
    private readonly IReadOnlyList<sbyte[]>? namedCounts;

    /// <param name="images">By example.</param>
    /// <param name="width">Tokens that every text is filled up to; the longest text's of each batch if null.</param>
    /// <param name="namedCounts">See <see cref="NamedCounts"/>, <c>[N, 2]</c> for each example.</param>
    private protected DataSplit(
        SplitImages images, Func<int, int[]> tokens, int paddingId, int? width, IReadOnlyList<sbyte[]>? namedCounts) =>
        (Pictures, this.tokens, this.paddingId, this.width, this.namedCounts) = (images, tokens, paddingId, width, namedCounts);

    public abstract int Count { get; }

    private protected SplitImages Pictures { get; }

    /// <summary>Tokens of one example's text, padding left out.</summary>
    public virtual int TextLength(int example) => tokens(example).Length;

    /// <summary>Ids and mask of some examples' texts, each <c>[B, N]</c>, no wider than the longest of them, or of the batch that
    /// they are a part of.</summary>
    public (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> examples, Device? device = null) =>
        Padded([.. examples.Select(tokens)], device);

    /// <summary>What each patch of the examples' images shows, in the images' order, <c>[V·B, patches]</c> int64; null where it
    /// is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> examples, Device? device = null) =>
        Pictures.PatchClasses([.. examples], device);

    /// <summary>How many of what each token names are in the left and in the right image, or the one twice,
    /// <c>[B, N, 2]</c> int64, −1 for tokens that name nothing, padded as texts are; null where it is not known.</summary>
    public Tensor? NamedCounts(IReadOnlyList<int> examples, Device? device = null) =>
        namedCounts is null ? null : PaddedCounts(example => namedCounts[example], examples, device);

    /// <summary>Told what training will ask for, in order, so that files are read ahead; an empty plan ends that.</summary>
    public void Prefetch(IEnumerable<PlannedBatch> plan) => Pictures.Prefetch(plan);

    public virtual void Dispose() => Pictures.Dispose();

    private protected (Tensor Ids, Tensor Mask) Padded(IReadOnlyList<int[]> texts, Device? device) =>
        TextEncoding.Batch(texts, paddingId, width ?? BatchPart.Longest(TextLength), device);

    /// <summary>Two counts of every token, padded to the longest text: <c>[B, N, 2]</c> int64.</summary>
    internal static Tensor PaddedCounts(Func<int, sbyte[]> countsOf, IReadOnlyList<int> examples, Device? device)
    {
        sbyte[][] counts = [.. examples.Select(countsOf)];
        var width = BatchPart.Longest(example => countsOf(example).Length) ?? counts.Max(of => of.Length);
        var padded = counts.SelectMany(of => of.Concat(Enumerable.Repeat(Unnamed, width - of.Length)));
        return tensor(padded.Select(count => (long)count).ToArray(), [counts.Length, width / 2, 2], device: device);
    }
}

/// <summary>A batch that will be asked for; the epoch decides the augmentation.</summary>
public sealed record PlannedBatch(int Epoch, IReadOnlyList<int> Examples);

/// <summary>How texts of a data set become what a model reads.</summary>
/// <param name="Tokens">A text's token ids, those that begin and end it included.</param>
/// <param name="PaddingId">What fills short texts up.</param>
/// <param name="Width">Tokens that every text is filled up to, for a reduction that counts padding; the longest text's of each
/// batch if null.</param>
public sealed record TextEncoding(Func<string, int[]> Tokens, int PaddingId = 0, int? Width = null)
{
    /// <summary>Ids (int64) and mask (1 for a token, 0 for padding) of some encoded texts, each <c>[B, N]</c>.</summary>
    /// <exception cref="ArgumentException">A text is longer than the width.</exception>
    internal static (Tensor Ids, Tensor Mask) Batch(
        IReadOnlyList<int[]> texts, int paddingId, int? width = null, Device? device = null)
    {
        var columns = width ?? texts.Select(text => text.Length).DefaultIfEmpty(0).Max();
        var ids = new long[texts.Count * columns];
        var mask = new float[ids.Length];
        Array.Fill(ids, paddingId);
        foreach (var (row, text) in texts.Index())
        {
            Guard.Argument(text.Length <= columns,
                $"text {row} has {text.Length} tokens, more than the {columns} it is to be padded to");
            Array.ConvertAll(text, id => (long)id).CopyTo(ids, row * columns);
            Array.Fill(mask, 1, row * columns, text.Length);
        }

        return (tensor(ids, [texts.Count, columns], device: device), tensor(mask, [texts.Count, columns], device: device));
    }
}
