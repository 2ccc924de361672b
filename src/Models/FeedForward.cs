using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Feed-forward part of a pre-norm block: tokens are widened, activated and narrowed again.</summary>
public sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    private readonly Linear[] layers; // a field of its own would give a layer a second name
    private readonly bool isQuick;

    /// <summary>Creates the two layers.</summary>
    /// <param name="width">D.</param>
    /// <param name="hidden">Width between the two.</param>
    /// <param name="names">What the checkpoints call them.</param>
    public FeedForward(int width, int hidden, (string Widen, string Narrow) names, ClipActivation activation)
        : base(nameof(FeedForward))
    {
        isQuick = activation == ClipActivation.QuickGelu;
        layers = [nn.Linear(width, hidden), nn.Linear(hidden, width)];
        register_module(names.Widen, Widen);
        register_module(names.Narrow, Narrow);
    }

    internal Linear Widen => layers[0];

    internal Linear Narrow => layers[1];

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens) => Products.Linear(
        Narrow, isQuick ? Products.QuickGelu(Products.Linear(Widen, tokens)) : Products.LinearGelu(Widen, tokens));
}
