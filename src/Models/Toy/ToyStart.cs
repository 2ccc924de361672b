using static TorchSharp.torch;
using Linear = TorchSharp.Modules.Linear;

namespace Madtp.Kit.Models.Toy;

/// <summary>What a toy model begins its training with.</summary>
internal static class ToyStart
{
    /// <summary>Random linear layers as width 64 wants them: BERT's deviation of 0.02 is made for 768, here attention would start out almost uniform.</summary>
    public static void Randomize(nn.Module model)
    {
        using var off = no_grad();
        foreach (var linear in model.modules().OfType<Linear>())
        {
            nn.init.xavier_uniform_(linear.weight);
            linear.bias?.zero_();
        }
    }

    /// <summary>
    /// Takes what a model shares with the trained toy BLIP-NLVR2, its image encoder first of all, as BLIP's models begin with its pretraining.
    /// </summary>
    /// <exception cref="FileNotFoundException">Its weights are not there; the message says how to train them.</exception>
    public static void FromNlvr2(nn.Module model)
    {
        using var source = ToyNlvr2.Load().Model;
        var trained = source.state_dict();
        using var off = no_grad();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (trained.TryGetValue(name, out var begin) && begin.shape.SequenceEqual(tensor.shape))
            {
                tensor.copy_(begin);
            }
        }
    }
}
