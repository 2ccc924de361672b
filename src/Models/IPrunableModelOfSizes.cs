namespace Madtp.Kit.Models;

/// <summary>A prunable model that is made of its sizes.</summary>
/// <typeparam name="TSizes">The sizes.</typeparam>
public interface IPrunableModel<TSizes> : IPrunableModel
    where TSizes : class, IPrunableSizes<TSizes>
{
    /// <summary>The model's sizes.</summary>
    TSizes Config { get; }
}
