using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

/// <summary>What becomes of training copies when a smaller model is cut out.</summary>
internal static class MomentumCopies
{
    /// <summary>Every copy is what it copies, learns nothing, and the queues are those of the model before.</summary>
    public static void AreFresh(nn.Module before, nn.Module smaller)
    {
        var state = smaller.state_dict();
        var old = before.state_dict();
        var copies = state.Where(tensor => Root(tensor.Key).EndsWith("_m", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(copies);
        Assert.All(copies, copy =>
        {
            Assert.True(copy.Value.Equals(state[Root(copy.Key)[..^2] + copy.Key[Root(copy.Key).Length..]]), copy.Key);
            Assert.False(copy.Value.requires_grad);
        });
        var queues = state.Where(tensor => tensor.Key.EndsWith("_queue", StringComparison.Ordinal)).ToArray();
        Assert.Equal(4, queues.Length);
        Assert.All(queues, queue => Assert.True(queue.Value.Equals(old[queue.Key]), queue.Key));
    }

    private static string Root(string name) => name.Split('.')[0];
}
