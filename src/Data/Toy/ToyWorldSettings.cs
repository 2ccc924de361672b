namespace Madtp.Kit.Data.Toy;

/// <summary>What a toy world is made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="Seed">Where every random choice comes from.</param>
/// <param name="TrainPairs">Examples to train on; a multiple of four.</param>
/// <param name="DevPairs">Examples to choose by; a multiple of four.</param>
/// <param name="TestPairs">Examples to report; a multiple of four.</param>
public sealed record ToyWorldSettings(ulong Seed = 1, int TrainPairs = 12_000, int DevPairs = 1_000, int TestPairs = 1_000)
{
    /// <summary>The usual proportions for another number of training pairs: a twelfth of it each for dev and test.</summary>
    /// <param name="seed">Where every random choice comes from.</param>
    /// <param name="trainPairs">Examples to train on; a positive multiple of four.</param>
    /// <exception cref="ArgumentException">The number is not a positive multiple of four.</exception>
    public static ToyWorldSettings Scaled(ulong seed, int trainPairs)
    {
        if (trainPairs <= 0 || trainPairs % ToyPair.PerSet != 0)
        {
            throw new ArgumentException($"{trainPairs} pairs: give a positive multiple of {ToyPair.PerSet} (a sentence comes with {ToyPair.PerSet} pairs)", nameof(trainPairs));
        }

        var held = Math.Max(ToyPair.PerSet, trainPairs / 12 / ToyPair.PerSet * ToyPair.PerSet);
        return new ToyWorldSettings(seed, trainPairs, held, held);
    }

    /// <summary>The splits by the names NLVR2 gives them, each with its number of pairs.</summary>
    internal IEnumerable<(string Split, int Number, int Pairs)> Splits() => [("train", 0, TrainPairs), ("dev", 1, DevPairs), ("test1", 2, TestPairs)];

    /// <summary>A split by its name.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal (string Split, int Number, int Pairs) Split(string name)
    {
        var found = Splits().FirstOrDefault(split => split.Split == name);
        return found.Pairs > 0
            ? found
            : throw new ArgumentException($"the toy world has no split '{name}'; it has {string.Join(", ", Splits().Select(split => split.Split))}", nameof(name));
    }
}
