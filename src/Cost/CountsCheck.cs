namespace Madtp.Kit.Cost;

/// <summary>Token counts that cannot be are refused before they become a wrong number.</summary>
internal static class CountsCheck
{
    /// <summary>One count for each layer, never more than entered it, never none.</summary>
    public static void Layers(string modality, int entering, int depth, IReadOnlyList<int>? after)
    {
        if (after is null)
        {
            return;
        }

        if (after.Count != depth)
        {
            throw new ArgumentException($"{modality} token counts: {after.Count} given, but the model has {depth} layers; give the tokens that leave each layer");
        }

        var before = entering;
        for (var layer = 0; layer < depth; layer++)
        {
            if (after[layer] < 1 || after[layer] > before)
            {
                throw new ArgumentException($"{modality} token counts: {after[layer]} tokens after layer {layer + 1}, but {before} entered it; a layer keeps between 1 and all of them");
            }

            before = after[layer];
        }
    }
}
