using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public class TextEncodingTests
{
    [Theory]
    [InlineData(null, new long[] { 2, 6, 3, 2, 9, 9 }, new float[] { 1, 1, 1, 1, 0, 0 })]
    [InlineData(4, new long[] { 2, 6, 3, 9, 2, 9, 9, 9 }, new float[] { 1, 1, 1, 0, 1, 0, 0, 0 })]
    public void A_batch_is_padded_at_the_end_and_masked(int? width, long[] ids, float[] mask)
    {
        var batch = TextEncoding.Batch([[2, 6, 3], [2]], 9, width);
        Assert.Equal([2, width ?? 3], batch.Ids.shape);
        Assert.Equal(ids, batch.Ids.data<long>().ToArray());
        Assert.Equal(mask, batch.Mask.data<float>().ToArray());
    }

    [Fact]
    public void A_text_that_is_too_long_is_named()
        => Assert.Contains("text 1 has 2 tokens", Assert.Throws<ArgumentException>(() => TextEncoding.Batch([[1], [1, 2]], 0, 1)).Message);
}
