using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>
/// What a unit of each width costs. Every multiply-accumulate of a transformer is linear in its inner widths, so a unit costs the
/// same whatever else is taken out, and what is left is the whole minus the sum of what was taken.
/// </summary>
public sealed class UnitCosts
{
    private readonly double[] perUnit;

    private UnitCosts(double dense, double whole, double[] perUnit)
    {
        (Dense, Whole, this.perUnit) = (dense, whole, perUnit);
    }

    /// <summary>Multiply-accumulates of the regular model, mean over the texts.</summary>
    public double Dense { get; }

    /// <summary>Multiply-accumulates of the model as it is, mean over the texts.</summary>
    public double Whole { get; }

    /// <summary>Multiply-accumulates of one unit of each width, in the order of the model's widths, mean over the texts.</summary>
    public IReadOnlyList<double> PerUnit => perUnit;

    /// <summary>
    /// Counts the units of a model by its ledger.
    /// </summary>
    /// <param name="family">The kind of model.</param>
    /// <param name="model">The model.</param>
    /// <param name="textLengths">Tokens of the texts to average over.</param>
    /// <exception cref="ArgumentException">There are no texts.</exception>
    public static UnitCosts Of<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, TModel model, IReadOnlyCollection<int> textLengths)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(textLengths);
        if (textLengths.Count == 0)
        {
            throw new ArgumentException("there are no texts to average the cost over", nameof(textLengths));
        }

        var lengths = textLengths.GroupBy(n => n).Select(group => (Tokens: group.Key, Share: (double)group.Count() / textLengths.Count)).ToArray();
        double Mean(TSizes sizes) => lengths.Sum(n => n.Share * family.Macs(sizes, n.Tokens));

        var (widths, whole) = (model.PrunableWidths, Mean(model.Config));
        return new UnitCosts(Mean(model.Config.Uncompressed), whole, [.. widths.Select(width => Mean(Wider(model.Config, widths, width)) - whole)]);
    }

    private static TSizes Wider<TSizes>(TSizes config, IReadOnlyList<PrunableWidth> widths, PrunableWidth one)
        where TSizes : class, IPrunableSizes<TSizes> =>
        CompressedConfig.With(config, [.. widths.Select(width => (width, width.Part.Units + (width == one ? 1 : 0)))]);
}
