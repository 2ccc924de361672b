namespace Madtp.Kit.Figures;

/// <summary>Whether samples can share a page.</summary>
internal static class KeepMapCheck
{
    /// <exception cref="ArgumentException">They cannot.</exception>
    public static void All(IReadOnlyList<KeepMapSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0 || samples[0].Runs.Count == 0)
        {
            throw new ArgumentException("a keep-map page needs at least one sample with at least one run", nameof(samples));
        }

        double[] temperatures = [.. samples[0].Runs.Select(run => run.Temperature)];
        var depth = samples[0].Runs[0].Left.Count;
        for (var i = 0; i < samples.Count; i++)
        {
            if (!samples[i].Runs.Select(run => run.Temperature).SequenceEqual(temperatures))
            {
                throw new ArgumentException($"sample {i + 1} was run at other temperatures than sample 1 ({string.Join(", ", temperatures)})", nameof(samples));
            }

            foreach (var run in samples[i].Runs)
            {
                Stream(run.Left, $"sample {i + 1}, left image", samples[i].Grid.Count, "patches", depth);
                Stream(run.Right, $"sample {i + 1}, right image", samples[i].Grid.Count, "patches", depth);
                Stream(run.Text, $"sample {i + 1}, text", samples[i].Words.Count, "words", depth);
            }
        }
    }

    private static void Stream(IReadOnlyList<KeepMapLayer> layers, string of, int count, string what, int depth)
    {
        if (layers.Count != depth || depth == 0)
        {
            throw new ArgumentException($"{of}: {layers.Count} blocks, but the first image has {depth}; all must have as many, one at least");
        }

        for (var block = 1; block <= depth; block++)
        {
            if (layers[block - 1].Tokens.FirstOrDefault(token => token.Position >= count || token.Position <= -block) is { } odd)
            {
                throw new ArgumentException($"{of}, block {block}: token {odd.Position} is none of its {count} {what} and no token merged before");
            }
        }
    }
}
