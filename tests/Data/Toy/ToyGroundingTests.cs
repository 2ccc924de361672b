using Madtp.Kit.Data.Toy;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

public sealed class ToyGroundingTests
{
    private static readonly ToyScene Left = Scene((0, 0), (1, 2));
    private static readonly ToyScene Right = Scene((1, 0), (1, 0));

    [Theory]
    [InlineData("the left image contains a red circle", new sbyte[] { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 0, 1, 0 })]
    [InlineData("exactly two red shapes", new sbyte[] { -1, -1, -1, -1, 1, 2, 1, 2 })]
    [InlineData("every shape is red", new sbyte[] { -1, -1, 2, 2, -1, -1, 1, 2 })]
    [InlineData("is a square", new sbyte[] { -1, -1, -1, -1, 1, 2 })]
    [InlineData("all triangles are yellow", new sbyte[] { -1, -1, 0, 0, -1, -1, 0, 0 })]
    [InlineData("red red square", new sbyte[] { 1, 2, 0, 2, 0, 2 })]
    [InlineData("the blue square is below the red circle", new sbyte[] { -1, -1, 1, 0, 1, 0, -1, -1, -1, -1, -1, -1, 1, 0, 1, 0 })]
    public void TellsWhereTheNamedThingsAre(string sentence, sbyte[] expected) =>
        Assert.Equal(expected, Grounding.Of(sentence.Split(' '), Left, Right));

    private static ToyScene Scene(params (int Form, int Color)[] objects) =>
        new([.. objects.Select(o => new ToyObject(o.Form, o.Color, 20, 20, 8, 0))], ToyGround.Plain, 1);
}
