using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>
/// Scores of all words from hidden states (<c>predictions</c> in the checkpoints). The matrix is the word table of the
/// embeddings; the checkpoints name it, and the bias, a second time under <c>decoder</c>.
/// </summary>
public sealed class LanguageModelPredictions : nn.Module
{
    private readonly LanguageModelTransform transform;
    private readonly Parameter bias;

    /// <summary>Creates the layer.</summary>
    public LanguageModelPredictions(BertConfig config) : base(nameof(LanguageModelPredictions))
    {
        transform = new LanguageModelTransform(config);
        bias = nn.Parameter(zeros([config.VocabularySize]));
        RegisterComponents();
    }

    /// <summary>Hidden states <c>[B, N, D]</c> and the word table <c>[V, D]</c> to scores <c>[B, N, V]</c>.</summary>
    public Tensor Forward(Tensor hidden, Tensor wordTable) => nn.functional.linear(transform.forward(hidden), wordTable, bias);

    /// <summary>The bias, <c>[V]</c>.</summary>
    internal Tensor Bias => bias;
}
