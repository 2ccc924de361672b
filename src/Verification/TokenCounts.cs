using System.Text.Json;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Verification;

/// <summary>Token counts as the manifests list them.</summary>
internal static class TokenCounts
{
    /// <summary>Tokens after every pass through one block named <c>encoder.….layer</c>, in order of the passes.</summary>
    public static int[] After(ReductionTrace trace, string encoder, string block)
    {
        var layer = int.Parse(block[(block.LastIndexOf('.') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        return [.. trace.Of(encoder).Where(step => step.Layer == layer).Select(step => step.Length)];
    }

    /// <summary>Candidates, count wanted, whether tokens were taken out (1 or 0) and tokens left beside the class token, for every pruning call.</summary>
    public static int[] Calls(IEnumerable<ReductionStep> steps) =>
    [
        .. steps.Where(step => step.Tensors is not null).SelectMany(step => new[]
        {
            (int)step.Tensors!.Importance.Total.shape[1],
            (int)step.Tensors.Decision.Counts.max().item<long>(),
            step.Pruned ? 1 : 0,
            step.Length - 1,
        }),
    ];

    /// <summary>The manifest's list of calls in the same form.</summary>
    public static int[] Calls(JsonElement calls) =>
    [
        .. calls.EnumerateArray().SelectMany(call => call.EnumerateArray()).Select(value => value.ValueKind switch
        {
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => value.GetInt32(),
        }),
    ];

    /// <summary>A list of integers.</summary>
    public static int[] List(JsonElement counts) => [.. counts.EnumerateArray().Select(count => count.GetInt32())];
}
