using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

public sealed class RgbImageTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kit-images-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_saved_is_read_back()
    {
        var image = new RgbImage(2, 1, [1, 2, 3, 250, 251, 252]);
        var path = Path.Combine(folder, "two.png");
        File.WriteAllBytes(path, ImageEncoding.Png(image.Pixels, image.Width, image.Height));
        Assert.Equal(image.Pixels, RgbImage.Load(path).Pixels);
        Assert.Equal(["two.png"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void A_missing_file_is_named()
        => Assert.Contains("gone.png", Assert.Throws<FileNotFoundException>(() => RgbImage.Load(Path.Combine(folder, "gone.png"))).Message);

    [Fact]
    public void A_folder_is_named_as_one()
        => Assert.Contains("is a folder", Assert.Throws<FileNotFoundException>(() => RgbImage.Load(folder)).Message);

    [Theory]
    [InlineData("", "empty")]
    [InlineData("<html>404</html>", "neither PNG, JPEG, GIF, WebP nor BMP: it is text, a page of the web or SVG")]
    [InlineData("\0\0\0\u0018ftypheic", "it is HEIC, as phones write it")]
    [InlineData("\0\0\0\u0018ftypavif", "it is AVIF")]
    [InlineData("II*\0", "it is TIFF")]
    [InlineData("%PDF-1.4", "it is PDF")]
    [InlineData("hello", "its content begins with 68656C6C6F")]
    public void A_file_that_is_no_image_is_named_with_the_reason(string content, string reason)
    {
        var path = Path.Combine(folder, "page.jpg");
        File.WriteAllText(path, content);
        var error = Assert.Throws<InvalidDataException>(() => RgbImage.Load(path));
        Assert.Contains("page.jpg", error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void Sizes_must_fit() => Assert.Throws<ArgumentException>(() => new RgbImage(2, 2, new byte[11]));
}
