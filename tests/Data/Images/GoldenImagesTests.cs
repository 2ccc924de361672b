using System.Security.Cryptography;
using System.Text.Json;
using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

/// <summary>
/// Every photograph of the shared samples against what PIL 9.4 made of it. PNG is exact by definition; JPEG is too with
/// libjpeg-turbo's islow DCT and fancy upsampling, which is what PIL was built on.
/// </summary>
public class GoldenImagesTests
{
    [Fact]
    public void Decoded_pixels_equal_PILs() => ForEachImage((image, golden) =>
    {
        if (Name(golden) == "camera_gray16.png")
        {
            Assert.Equal(golden.GetProperty("high_byte_alternative").GetProperty("rgb_sha256").GetString(), Hash(image));
            return;
        }

        var rgb = golden.GetProperty("rgb");
        Assert.Equal(rgb.GetProperty("sha256").GetString(), Hash(image));
        AssertProbes(rgb, image);
    });

    [Fact]
    public void Shrunk_to_64_equals_PILs_bicubic() => ForEachImage((image, golden) =>
    {
        var small = BicubicResize.Resize(image, 64, 64);
        var file = Name(golden) == "camera_gray16.png"
            ? golden.GetProperty("high_byte_alternative").GetProperty("bicubic64_file")
            : golden.GetProperty("bicubic64").GetProperty("file");
        Assert.Equal(File.ReadAllBytes(KitPaths.Shared("data", "images", file.GetString()!)), small.Pixels);
    });

    [Fact]
    public void Resized_to_384_equals_PILs_bicubic() => ForEachImage((image, golden) =>
    {
        if (Name(golden) == "camera_gray16.png")
        {
            return; // PIL's is white there (see RgbImage)
        }

        var large = BicubicResize.Resize(image, 384, 384);
        Assert.Equal(golden.GetProperty("bicubic384").GetProperty("sha256").GetString(), Hash(large));
        AssertProbes(golden.GetProperty("bicubic384"), large);
    });

    private static void ForEachImage(Action<RgbImage, JsonElement> check)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "images", "golden", "manifest.json")));
        var images = manifest.RootElement.GetProperty("images").EnumerateArray().ToArray();
        Assert.NotEmpty(images);
        Assert.All(images, golden =>
        {
            var image = RgbImage.Load(KitPaths.Shared("data", "images", Name(golden)));
            Assert.Equal((golden.GetProperty("size")[0].GetInt32(), golden.GetProperty("size")[1].GetInt32()), (image.Width, image.Height));
            check(image, golden);
        });
    }

    private static string Name(JsonElement golden) => golden.GetProperty("file").GetString()!;

    private static string Hash(RgbImage image) => Convert.ToHexStringLower(SHA256.HashData(image.Pixels));

    private static void AssertProbes(JsonElement golden, RgbImage image)
    {
        foreach (var probe in golden.GetProperty("probes_xyrgb").EnumerateArray().Select(p => p.EnumerateArray().Select(v => v.GetInt32()).ToArray()))
        {
            var at = ((probe[1] * image.Width) + probe[0]) * 3;
            Assert.Equal(probe[2..], image.Pixels[at..(at + 3)].Select(b => (int)b));
        }
    }
}
