using System.Reflection;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Bitmaps and images of SkiaSharp as PNG. Reached by reflection.</summary>
internal static class SkiaImages
{
    private const int Lossless = 100;

    public static void Register(Type image)
    {
        var format = image.Assembly.GetType("SkiaSharp.SKEncodedImageFormat")!;
        var encode = image.GetMethod("Encode", [format, typeof(int)])!;
        KernelFormats.Add(image, KernelFormats.Plain, (value, context) => context.Writer.Write(Words(value)));
        KernelFormats.Add(image, KernelFormats.Html, (value, context) =>
            context.Writer.Write($"<img src=\"data:image/png;base64,{Png(value, encode, format)}\" alt=\"{Words(value)}\"/>"));
        KernelFormats.Add(image, "image/png", (value, context) => context.Writer.Write(Png(value, encode, format)));
        Formatter.SetPreferredMimeTypesFor(image, "image/png", KernelFormats.Plain);
    }

    private static string Words(object image) => $"image, {Get(image, "Width")} × {Get(image, "Height")}";

    private static string Png(object image, MethodInfo encode, Type format)
    {
        using var data = encode.Invoke(image, [Enum.Parse(format, "Png"), Lossless]) as IDisposable
            ?? throw new InvalidOperationException(
                $"the {Words(image)}, could not be encoded as PNG: it has no pixels, or a kind of them that PNG has not");
        return Convert.ToBase64String((byte[])data.GetType().GetMethod("ToArray", Type.EmptyTypes)!.Invoke(data, null)!);
    }

    private static object? Get(object image, string property) => image.GetType().GetProperty(property)?.GetValue(image);
}
