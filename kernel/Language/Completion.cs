namespace Madtp.Kit.Kernel.Language;

/// <summary>What may stand at a place in a cell.</summary>
/// <param name="Start">Where the text to replace begins, in UTF-16 units.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Items">The texts to choose from, with what each is.</param>
internal sealed record Completion(int Start, int End, IReadOnlyList<(string Text, string Kind)> Items);
