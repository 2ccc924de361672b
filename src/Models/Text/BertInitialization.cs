using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>BERT's initialisation: normal weights with deviation 0.02, zero biases.</summary>
internal static class BertInitialization
{
    /// <summary>Initialises every linear layer and embedding below <paramref name="module"/>.</summary>
    public static void Apply(nn.Module module)
    {
        using var off = no_grad();
        foreach (var child in module.modules())
        {
            switch (child)
            {
                case Linear linear:
                    linear.weight.normal_(0, 0.02);
                    linear.bias?.zero_();
                    break;
                case Embedding embedding:
                    embedding.weight!.normal_(0, 0.02);
                    break;
            }
        }
    }
}
