using Madtp.Kit.Data;
using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Data.Toy;
using TorchSharp.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>
/// Names what each image token shows. It is used in training only: on the answers alone a small model settles on guessing, while
/// the patches' classes teach its image encoder what there is to see.
/// </summary>
public sealed class PatchHead : nn.Module<Tensor, Tensor>
{
    // The ground is class 0 and covers most patches: at full weight it drowns what tells one shape from another.
    private const float GroundWeight = 0.1f;

    private readonly Linear classes;

    /// <summary>Creates the head.</summary>
    /// <param name="width">Width of an image token.</param>
    /// <param name="count">How many classes there are.</param>
    public PatchHead(int width, int count) : base(nameof(PatchHead))
    {
        classes = nn.Linear(width, count);
        var weights = ones(count);
        weights[0] = GroundWeight;
        register_buffer("class_weights", weights);
        RegisterComponents();
    }

    /// <summary>The head that settings ask for; null where its loss has no weight.</summary>
    internal static PatchHead? For(TaskSettings settings, int width, Device device) => settings.PatchWeight > 0 ? new PatchHead(width, settings.Corpus is null ? ToyObject.Classes : Thing.Classes).to(device) : null;

    /// <summary>Tokens of whole images with the class token first, <c>[B, N + 1, D]</c>, to scores <c>[B, N, C]</c>.</summary>
    public override Tensor forward(Tensor tokens) => classes.forward(tokens.slice(1, 1, tokens.shape[1], 1));

    /// <summary>Cross-entropy of the scores against true classes <c>[B, N]</c>.</summary>
    public Tensor Loss(Tensor tokens, Tensor truth) =>
        nn.functional.cross_entropy(forward(tokens).flatten(0, 1), truth.flatten(), weight: get_buffer("class_weights"));
}

/// <summary>
/// Tells for every text token how many of what it names are in the left and in the right image. It is used in training only: it
/// teaches the cross-attention to look things up long before the answers alone would.
/// </summary>
public sealed class WordHead : nn.Module<Tensor, Tensor>
{
    private readonly Linear counts;
    private readonly int kinds;

    /// <summary>Creates the head.</summary>
    /// <param name="width">Width of a text token.</param>
    /// <param name="largest">The largest number there may be.</param>
    public WordHead(int width, int largest) : base(nameof(WordHead))
    {
        kinds = largest + 1;
        counts = nn.Linear(width, 2 * kinds);
        RegisterComponents();
    }

    /// <summary>The head that settings ask for; null where its loss has no weight.</summary>
    internal static WordHead? For(TaskSettings settings, int width, Device device) => settings.WordWeight > 0 ? new WordHead(width, settings.Corpus is null ? 3 : DecoyGrounding.Most).to(device) : null;

    /// <summary>Tokens of whole statements, <c>[B, N, D]</c>, to scores of each number for left and right, <c>[B, N, 2, largest + 1]</c>.</summary>
    public override Tensor forward(Tensor tokens) => counts.forward(tokens).view(tokens.shape[0], tokens.shape[1], 2, kinds);

    /// <summary>Cross-entropy against the truth <c>[B, N, 2]</c>, over the tokens that name something.</summary>
    public Tensor Loss(Tensor tokens, Tensor truth) =>
        nn.functional.cross_entropy(forward(tokens).flatten(0, 2), truth.flatten(), ignore_index: NlvrPairs.Unnamed);
}

/// <summary>The heads of a task and their losses, some of which may be absent.</summary>
internal static class TrainingHeads
{
    /// <summary>The heads by their names in checkpoints.</summary>
    public static IEnumerable<(string Name, nn.Module Module)> Of(PatchHead? patches, WordHead? words = null)
    {
        if (patches is not null)
        {
            yield return ("patch_head", patches);
        }

        if (words is not null)
        {
            yield return ("word_head", words);
        }
    }

    /// <summary>The sum of those losses that are there, scalars; null where none is.</summary>
    public static Tensor? Sum(Tensor? patches, Tensor? words) => patches is null ? words : words is null ? patches : patches + words;
}
