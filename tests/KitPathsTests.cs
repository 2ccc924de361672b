using Xunit;

namespace Madtp.Kit.Tests;

public class KitPathsTests
{
    [Fact]
    public void Root_holds_the_library_project() => Assert.True(File.Exists(KitPaths.InRepository("Madtp.Kit.csproj")));
}
