using System.Runtime.InteropServices;
using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public sealed class NativeErrorTests
{
    [Fact]
    public void OneSentenceWithoutTheNativeCallStack()
    {
        var thrown = Assert.Throws<ExternalException>(() => ones(4).view(3));
        Assert.Contains("frame #", thrown.Message, StringComparison.Ordinal);
        Assert.Equal("shape '[3]' is invalid for input of size 4", NativeError.Text(thrown));
    }

    [Fact]
    public void WithoutARequestToPyTorch() =>
        Assert.Equal("Expected p_in >= 0 && p_in <= 1 to be true, but got false.", NativeError.Text(Assert.Throws<ExternalException>(() => full(3, 7f).bernoulli())));

    [Fact]
    public void OtherMessagesStay() => Assert.Equal("one\ntwo", NativeError.Text(new InvalidOperationException("one\ntwo")));
}
