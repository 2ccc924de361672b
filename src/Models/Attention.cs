using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>What an attention shows to whoever scores tokens, in the precision of its products.</summary>
/// <param name="HeadOutput">Output of each head before the projection, <c>[B, h, N, d_h]</c>.</param>
public sealed record SelfAttentionRecord(Tensor HeadOutput, Tensor Keys)
{
    /// <summary>Keys of each head, <c>[B, h, N, d_h]</c>.</summary>
    public Tensor Keys { get => Reading?.Whole(field) ?? field; init; } = Keys;

    /// <summary>Attention of each head, query and key, <c>[B, h, N, N]</c>; computed now where the attention did without its
    /// map.</summary>
    public Tensor Probabilities { get => field ??= Map!(); init; }

    /// <summary>Attention of the head that attends most, for each query and key, <c>[B, N, N]</c>.</summary>
    public Tensor Strongest { get => field ??= Probabilities.amax([1]); init; }

    /// <summary>Attention that each token receives of the head and the query that attend most, among the queries of
    /// <see cref="Reading"/>, <c>[B, N]</c>.</summary>
    public Tensor Received { get => field ??= (Reading ?? new()).OfStrongestQuery(Strongest); init; }

    /// <summary>Attention that the row which stands for the sequence pays, <c>[B, h, N]</c>: row 0, or that of
    /// <see cref="Reading"/>.</summary>
    public Tensor Summary { get => field ??= (Reading ?? new()).Row(Probabilities); init; }

    /// <summary>What of the map was asked for; null where nothing was.</summary>
    public AttentionReading? Reading { get; init; }

    /// <summary>Computes the map.</summary>
    internal Func<Tensor>? Map { get; init; }
}

/// <summary>What is read of an attention map.</summary>
/// <param name="SummaryRows">The row of each sample that stands for the sequence, <c>[B]</c> int64; null for row 0.</param>
/// <param name="Candidates">True for rows whose attention may count as received, <c>[B, N]</c> bool; null for all but row
/// 0.</param>
/// <param name="Mask">0 for rows of padding, whose attention does not count, <c>[B, N]</c>; null where there are none.</param>
/// <param name="Filled">0 for rows that hold no token, of which nothing is asked, <c>[B, N]</c>; null where every row holds
/// one.</param>
/// <param name="StrongestQuery">Whether <see cref="SelfAttentionRecord.Received"/> is read; otherwise
/// <see cref="SelfAttentionRecord.Strongest"/>.</param>
public sealed record AttentionReading(
    Tensor? SummaryRows = null, Tensor? Candidates = null, Tensor? Mask = null, Tensor? Filled = null,
    bool StrongestQuery = true)
{
    /// <summary>Attention that the summary rows pay: <c>[B, h, N, N]</c> to <c>[B, h, N]</c>.</summary>
    public Tensor Row(Tensor probabilities) => SummaryRows is null ? probabilities.select(2, 0)
        : probabilities.gather(2, SummaryRows.view(-1, 1, 1, 1)
            .expand(-1, probabilities.shape[1], 1, probabilities.shape[3])).squeeze(2);

    /// <summary>The maximum over the queries that count: <c>[B, N, N]</c> to <c>[B, N]</c>.</summary>
    internal Tensor OfStrongestQuery(Tensor strongest)
    {
        Tensor Counting(Tensor rows) => Candidates is null ? rows.slice(1, 1, rows.shape[1], 1) : rows;
        var given = Candidates is null ? Counting(strongest) : strongest * Candidates.unsqueeze(2);
        return (Mask is null ? given : given * Counting(Mask).unsqueeze(2)).amax([1]);
    }

    /// <summary>Whether numbers of heads, <c>[1, h, n, d_h]</c>, are those of the rows alone that hold a token.</summary>
    internal bool IsPacked(Tensor heads) => Filled is not null && Filled.numel() != heads.shape[0] * heads.shape[2];

    /// <summary>Those of all rows, <c>[B, h, N, d_h]</c>; 0 for rows that hold no token.</summary>
    internal Tensor Whole(Tensor heads) => !IsPacked(heads) ? heads
        : zeros(Filled!.shape[0], Filled.shape[1], heads.shape[1], heads.shape[3])
            .masked_scatter_(Filled.ne(0).view(Filled.shape[0], -1, 1, 1), heads[0].transpose(0, 1)).transpose(1, 2);

    /// <summary>Which of B·N rows count.</summary>
    internal bool[] Counts(long batch, int length)
    {
        var counts = new bool[batch * length];
        if (Candidates is not null)
        {
            MemoryMarshal.Cast<byte, bool>(Candidates.contiguous().bytes).CopyTo(counts);
        }
        else
        {
            for (var sample = 0; sample < batch; sample++)
                counts.AsSpan((sample * length) + 1, length - 1).Fill(true);
        }

        var mask = Mask is null ? [] : RowWise.Numbers(Mask.As(float32).contiguous());
        for (var row = 0; row < mask.Length; row++)
            counts[row] &= mask[row] != 0;

        return counts;
    }
}

/// <summary>Scaled dot-product attention of several heads; descendants make queries, keys and values.</summary>
public abstract class MultiHeadAttention(int width, int heads) : Part
{
    // Heads that lost dimensions keep the scale that they were trained with.
    private readonly double scale = 1 / Math.Sqrt(HeadWidth(width, heads));

    /// <summary>h. The width of a head follows from the weights.</summary>
    public int Heads { get; } = heads;

    private static int HeadWidth(int width, int heads)
    {
        Guard.Argument(width >= heads && width % heads == 0, $"width {width} does not divide by {heads} heads", nameof(heads));
        return width / heads;
    }

    /// <summary>softmax(Q Kᵀ/√d_h + bias) V, all <c>[B, h, N, d_h]</c>; the bias broadcasts to <c>[B, h, N, N]</c>.</summary>
    /// <param name="reading">What will be read of the map; null for nothing: then the attention runs as one operator.</param>
    protected SelfAttentionRecord Attend(Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading? reading)
    {
        var added = bias?.As(query.dtype);
        if (reading is not null)
        {
            return Products.GoInOnePass(query)
                ? OnePassAttention.Attend(query, key, value, added, reading, scale)
                    with { Map = () => Map(reading.Whole(query), reading.Whole(key), added) }
                : WithMap(query, key, value, added) with { Reading = reading };
        }

        // On a CPU libtorch's own attention is slower in bfloat16 than the map is.
        if (query.dtype == bfloat16 && query.device.type == TorchSharp.DeviceType.CPU)
            return WithMap(query, key, value, added);

        var rescale = scale * Math.Sqrt(query.shape[^1]); // it scales by a head's width now
        var output = nn.functional.scaled_dot_product_attention(
            Math.Abs(rescale - 1) < 1e-6 ? query : query * rescale, key, value, added!);
        return new SelfAttentionRecord(output, key) { Map = () => Map(query, key, added) };
    }

    private SelfAttentionRecord WithMap(Tensor query, Tensor key, Tensor value, Tensor? bias)
    {
        var map = Map(query, key, bias); // [B, h, N, N]
        return new SelfAttentionRecord(map.MatMul(value), key) { Probabilities = map };
    }

    private Tensor Map(Tensor query, Tensor key, Tensor? bias)
    {
        var scores = query.TimesTransposed(key, scale);
        return (bias is null ? scores : Products.Add(scores, bias)).softmax(-1); // in place, where no gradient is recorded
    }

    /// <summary><c>[B, h, N, d_h]</c> to <c>[B, N, h·d_h]</c>.</summary>
    internal static Tensor JoinHeads(SelfAttentionRecord attention) => attention.HeadOutput.transpose(1, 2).flatten(2);
}

/// <summary>Self-attention with one fused projection to queries, keys and values (ViT, CLIP).</summary>
public abstract class FusedAttention(int width, int heads) : MultiHeadAttention(width, heads)
{
    /// <summary>Attends from tokens <c>[B, N, D]</c>, normalised, to each other.</summary>
    internal SelfAttentionRecord Attend(
        Tensor tokens, LayerNorm norm, FilledRows rows, Tensor? bias, AttentionReading? reading)
    {
        var projected = Project(norm.forward(rows.Take(tokens)));
        projected = reading?.Filled is not null && Products.GoInOnePass(projected) ? projected // which knows packed rows
            : rows.Put(projected, tokens.shape[0], tokens.shape[1]); // [B, N, 3·h·d_h]
        var split = projected.view(projected.shape[0], projected.shape[1], 3, Heads, -1).permute(2, 0, 3, 1, 4);
        // Each [B, h, N, d_h]; the products of a map take them whole, and a GPU copies all three in one call.
        var parts = (reading is not null && split.is_cuda ? split.contiguous() : split).unbind(0);
        return Attend(parts[0], parts[1], parts[2], bias, reading);
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, N, 3·h·d_h]</c>.</summary>
    protected abstract Tensor Project(Tensor tokens);

    /// <summary><c>[B, N, h·d_h]</c> to <c>[B, N, D]</c>.</summary>
    internal abstract Tensor Output(Tensor joined);
}

/// <summary>A block that normalises before each of its parts (ViT, CLIP): attention, then feed-forward part, a residual around
/// each. Tokens may be reduced between the two.</summary>
public abstract class PreNormBlock(AlignmentMap? queryModel, double dropPath = 0) : Part, IReducibleBlock
{
    private protected readonly AlignmentMap? query_model = queryModel; // of the block's own

    public IBlockReducer? Reducer { get; set; }
    public AlignmentMap? QueryModel => query_model;

    /// <summary>The parts, in order.</summary>
    protected abstract (LayerNorm Norm1, FusedAttention Attention, LayerNorm Norm2, FeedForward FeedForward) Parts { get; }

    /// <summary>What is added to the attention's scores, broadcast to <c>[B, h, N, N]</c>; null adds nothing.</summary>
    protected virtual Tensor? Bias(TokenState input) => input.AttentionBias();

    /// <summary>Runs the block: <c>[B, N, D]</c> in, <c>[B, N', D]</c> out, N' ≤ N where a reducer is attached.</summary>
    public TokenState forward(TokenState input)
    {
        var (norm1, attention, norm2, feedForward) = Parts;
        var rows = new FilledRows(input.Packed);
        var record = attention.Attend(input.X, norm1, rows, Bias(input), Reducer?.Reads(input));
        var tokens = input with { X = Add(rows, MultiHeadAttention.JoinHeads(record), attention.Output, input.X) };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        rows = new FilledRows(tokens.Packed);
        return tokens with { X = Add(rows, tokens.X, each => feedForward.forward(norm2.forward(each)), tokens.X) };
    }

    // A branch of some rows and what it is added to, [B, N, D] each.
    private Tensor Add(FilledRows rows, Tensor from, Func<Tensor, Tensor> branch, Tensor residual) =>
        training && dropPath > 0 ? Products.Add(DropPath(rows.Map(from, branch)), residual)
            : rows.MapAndAdd(from, branch, residual);

    // Stochastic depth: in training a sample's branch [B, N, D] is skipped with a probability and scaled up otherwise. Whatever
    // its device, lots are drawn on the processor, whose random state checkpoints hold and recomputation restores.
    private Tensor DropPath(Tensor branch)
    {
        var keep = 1 - dropPath;
        var drawn = BatchPart.Draw([branch.shape[0], 1, 1], all => rand(all, dtype: branch.dtype, device: CPU)); // [B, 1, 1]
        return branch / keep * (drawn + keep).floor().to(branch.device);
    }
}
