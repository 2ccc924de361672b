using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

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

    /// <summary>Tokens of whole images with the class token first, <c>[B, N + 1, D]</c>, to scores <c>[B, N, C]</c>.</summary>
    public override Tensor forward(Tensor tokens) => classes.forward(tokens.slice(1, 1, tokens.shape[1], 1));

    /// <summary>Cross-entropy of the scores against true classes <c>[B, N]</c>.</summary>
    public Tensor Loss(Tensor tokens, Tensor truth) =>
        nn.functional.cross_entropy(forward(tokens).flatten(0, 1), truth.flatten(), weight: get_buffer("class_weights"));
}
