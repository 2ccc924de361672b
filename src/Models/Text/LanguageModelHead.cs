using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>The language-model head of a text decoder (<c>cls</c> in the checkpoints).</summary>
public sealed class LanguageModelHead : nn.Module
{
    private readonly LanguageModelPredictions predictions;

    /// <summary>Creates the head.</summary>
    public LanguageModelHead(BertConfig config) : base(nameof(LanguageModelHead))
    {
        predictions = new LanguageModelPredictions(config);
        RegisterComponents();
    }

    /// <summary>Hidden states <c>[B, N, D]</c> and the word table <c>[V, D]</c> to scores <c>[B, N, V]</c>.</summary>
    public Tensor Forward(Tensor hidden, Tensor wordTable) => predictions.Forward(hidden, wordTable);

    /// <summary>The bias of the scores, <c>[V]</c>.</summary>
    internal Tensor Bias => predictions.Bias;
}
