using System.Runtime.InteropServices;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp;

/// <summary>An image whose pixels are <typeparamref name="TPixel"/>, row by row from the top.</summary>
public sealed class Image<TPixel> : Image
    where TPixel : unmanaged, IPixel<TPixel>
{
    private TPixel[]? pixels;

    public Image(int width, int height)
        : base(width, height)
        => pixels = new TPixel[checked(width * height)];

    public Image(int width, int height, TPixel backgroundColor)
        : this(width, height)
        => Pixels.Fill(backgroundColor);

    internal Span<TPixel> Pixels => pixels ?? throw new ObjectDisposedException(nameof(Image<TPixel>));

    public TPixel this[int x, int y]
    {
        get => Pixels[Offset(x, y)];
        set => Pixels[Offset(x, y)] = value;
    }

    /// <summary>Copies all pixels as bytes, row by row from the top.</summary>
    public void CopyPixelDataTo(Span<byte> destination) => MemoryMarshal.AsBytes(Pixels).CopyTo(destination);

    public override string ToString() => $"Image<{typeof(TPixel).Name}>: {Width}x{Height}";

    internal override (ReadOnlyMemory<byte> Bytes, int Channels) ToChannels()
    {
        if (typeof(TPixel) == typeof(L8) || typeof(TPixel) == typeof(Rgb24) || typeof(TPixel) == typeof(Rgba32))
        {
            var bytes = MemoryMarshal.AsBytes(Pixels).ToArray();
            return (bytes, bytes.Length / Pixels.Length);
        }

        var rgba = new Rgba32[Pixels.Length];
        for (var i = 0; i < rgba.Length; i++)
        {
            Pixels[i].ToRgba32(ref rgba[i]);
        }

        return (MemoryMarshal.AsBytes<Rgba32>(rgba).ToArray(), 4);
    }

    internal override Rgb24[] ToRgb()
    {
        if (typeof(TPixel) == typeof(Rgb24))
        {
            return MemoryMarshal.Cast<TPixel, Rgb24>(Pixels).ToArray();
        }

        var rgb = new Rgb24[Pixels.Length];
        Rgba32 color = default;
        for (var i = 0; i < rgb.Length; i++)
        {
            Pixels[i].ToRgba32(ref color);
            rgb[i].FromRgba32(color);
        }

        return rgb;
    }

    protected override void Dispose(bool disposing) => pixels = null;

    private int Offset(int x, int y)
    {
        if ((uint)x >= (uint)Width || (uint)y >= (uint)Height)
        {
            throw new ArgumentOutOfRangeException(nameof(x), $"({x}, {y}) lies outside the {Width}x{Height} image");
        }

        return (y * Width) + x;
    }
}
