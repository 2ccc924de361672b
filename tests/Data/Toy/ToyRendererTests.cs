using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

public class ToyRendererTests
{
    [Fact]
    public void Shapes_never_touch_and_stay_inside()
    {
        var random = new SeededRandom(5);
        for (var i = 0; i < 500; i++)
        {
            var scene = ToyScene.Draw(random);
            Assert.InRange(scene.Objects.Count, 1, 3);
            Assert.All(scene.Objects, o => Assert.True(o.X - (1.2 * o.Radius) >= 0 && o.Y + (1.2 * o.Radius) <= ToyScene.Size));
            foreach (var (a, b) in scene.Objects.SelectMany((a, n) => scene.Objects.Skip(n + 1).Select(b => (a, b))))
                Assert.True(Math.Pow(a.X - b.X, 2) + Math.Pow(a.Y - b.Y, 2) > Math.Pow(1.2 * (a.Radius + b.Radius), 2));
        }
    }

    [Fact]
    public void Patch_classes_name_the_shape_that_the_pixels_show()
    {
        var scene = new ToyScene([new ToyObject(1, 2, 20, 36, 10, 0)], ToyGround.Plain, 9);
        var classes = ToyRenderer.PatchClasses(scene);
        var pixels = ToyRenderer.Render(scene);
        Assert.Equal("blue square", ToyObject.ClassName(classes[(4 * 8) + 2])); // the patch of (16..23, 32..39) lies in the square
        Assert.Equal("ground", ToyObject.ClassName(classes[63]));
        var middle = pixels.AsSpan(((36 * 64) + 20) * 3, 3);
        Assert.True(middle[2] > middle[0] + 100 && middle[2] > middle[1] + 50, "blue paint in the middle");
        var corner = pixels.AsSpan(((60 * 64) + 60) * 3, 3);
        Assert.True(Math.Abs(corner[0] - corner[2]) < 60, "gray ground in the corner");
    }

    [Fact]
    public void Every_shape_owns_a_patch()
    {
        var random = new SeededRandom(11);
        for (var i = 0; i < 300; i++)
        {
            var scene = ToyScene.Draw(random);
            var classes = ToyRenderer.PatchClasses(scene);
            Assert.Equal(scene.Objects.Select(o => o.Class).Distinct().Order(), classes.Select(c => (int)c).Where(c => c != 0).Distinct().Order());
        }
    }

    [Fact]
    public void Edges_are_smooth()
    {
        var scene = new ToyScene([new ToyObject(0, 0, 32, 32, 10, 0)], ToyGround.Plain, 1);
        var green = ToyRenderer.Render(scene).Where((_, i) => i % 3 == 1).ToArray();
        int inside = green[(32 * 64) + 32], outside = green[(32 * 64) + 50];
        var between = green.Count(g => g > Math.Min(inside, outside) + 20 && g < Math.Max(inside, outside) - 20);
        Assert.InRange(between, 15, 80); // the circle's outline is some 63 pixels long
    }
}
