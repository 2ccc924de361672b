using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

/// <summary>Small models with lively biases (a bias of zero would hide a wrong slice) and random masks.</summary>
internal static class PrunedModels
{
    /// <summary>Gives every weight a value of its own, training copies included; norms keep their scale.</summary>
    public static TModel Lively<TModel>(TModel model, int seed)
        where TModel : nn.Module
    {
        var random = new SeededRandom((ulong)seed);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (parameter.ndim > 1 || (parameter.ndim == 1 && name.EndsWith("bias", StringComparison.Ordinal)))
                parameter.copy_(Drawn(random, parameter.shape));
        }

        model.eval();
        return model;
    }

    /// <summary>Images of 24², always the same.</summary>
    public static Tensor Images(int count) => Drawn(new SeededRandom(5), [count, 3, 24, 24]) * 3;

    /// <summary>Texts of some lengths padded to the longest, always the same: <paramref name="first"/>, then ids of 5 to 37, and their mask.</summary>
    public static (Tensor Ids, Tensor Mask) Texts(int first, params int[] lengths)
    {
        var (random, longest) = (new SeededRandom(6), lengths.Max());
        var mask = tensor(lengths.SelectMany(length => Enumerable.Range(0, longest).Select(i => i < length ? 1f : 0f)).ToArray(), [lengths.Length, longest]);
        var ids = tensor(lengths.SelectMany(_ => Enumerable.Range(0, longest).Select(i => i == 0 ? first : (long)random.NextDouble(5, 37.9))).ToArray(), [lengths.Length, longest]);
        return (ids * mask.to(int64), mask);
    }

    /// <summary>Masks units at random; at least one of each width stays.</summary>
    public static void Mask(ParameterPruning pruning, ulong seed, bool fractions = false)
    {
        var random = new SeededRandom(seed);
        foreach (var mask in pruning.Masks)
        {
            var share = random.NextDouble(0, 1);
            var values = Enumerable.Range(0, mask.Units)
                .Select(_ => random.NextDouble(0, 1) < share ? 0f : fractions ? (float)random.NextDouble(0.1, 1) : 1f).ToArray();
            values[(int)random.NextDouble(0, mask.Units - 1e-9)] = 1;
            mask.Set(values);
        }
    }

    // Tests run side by side and share torch's random numbers, so equal seeds would not give equal tensors.
    private static Tensor Drawn(SeededRandom random, long[] shape) =>
        tensor(Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)random.NextDouble(-0.5, 0.5)).ToArray(), shape);

    public static float Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
