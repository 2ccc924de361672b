using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>Copies a fixture's weights into a module, every name accounted for.</summary>
internal static class StateLoading
{
    /// <summary>
    /// Loads the weights below <paramref name="prefix"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">A name is missing, unexpected or of another shape.</exception>
    public static void Into(nn.Module module, GoldenFixture fixture, string prefix = "", string[]? ignore = null)
    {
        using var off = no_grad();
        var wanted = module.state_dict();
        var given = fixture.Weights
            .Where(weight => weight.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value);
        var wrong = wanted.Keys.Except(given.Keys).Select(name => $"missing '{prefix}{name}'")
            .Concat(given.Keys.Except(wanted.Keys).Except(ignore ?? []).Select(name => $"unexpected '{prefix}{name}'"))
            .Concat(wanted.Where(w => given.TryGetValue(w.Key, out var g) && !g.shape.SequenceEqual(w.Value.shape))
                .Select(w => $"'{prefix}{w.Key}' has shape [{string.Join(", ", given[w.Key].shape)}], the model needs [{string.Join(", ", w.Value.shape)}]"))
            .ToArray();
        if (wrong.Length > 0)
        {
            throw new InvalidDataException($"fixture '{fixture.Name}': checkpoint.pth does not fit: {string.Join("; ", wrong)}");
        }

        foreach (var (name, tensor) in wanted)
        {
            tensor.copy_(given[name]);
        }
    }
}
