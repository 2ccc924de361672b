using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class TextTests
{
    [Fact]
    public void ATensorNamesItsShapeTypeAndDevice()
    {
        using var scope = NewDisposeScope();
        Assert.Equal("[2x3], type = Float32, device = cpu", zeros(2, 3).ToString());
        Assert.Equal("[], type = Int64, device = cpu, value = 7", tensor(7L).ToString());
    }

    [Fact]
    public void NumbersPrintAsNestedBracketsOrTables()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new[,] { { 1, 2.5 }, { -3, 4 } });
        Assert.Equal("[[1 2.5]\n [-3 4]]", a.npstr());
        Assert.Equal("[2x2], type = Float64, device = cpu\n   1 2.5\n  -3   4\n", a.str());
        Assert.Equal("[0 1 2 3 4 5 ... 94 95 96 97 98 99]", arange(100).npstr());
        Assert.Contains("[1,..,..] =\n 1\n", arange(3).reshape(3, 1, 1).jlstr());
        Assert.Equal("[]", zeros(0).npstr());
    }
}
