using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>What compression must know of a kind of model, besides the model itself.</summary>
/// <param name="Create">Makes a model of given sizes.</param>
/// <param name="Macs">Multiply-accumulates of a model of given sizes on an example whose text has so many tokens.</param>
/// <typeparam name="TModel">The model.</typeparam>
/// <typeparam name="TSizes">Its sizes.</typeparam>
public sealed record PrunableFamily<TModel, TSizes>(Func<TSizes, TModel> Create, Func<TSizes, int, long> Macs)
    where TModel : nn.Module, IPrunableModel<TSizes>
    where TSizes : class, IPrunableSizes<TSizes>;
