namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>Luminance in one byte.</summary>
public struct L8 : IPixel<L8>
{
    public L8(byte luminance) => PackedValue = luminance;

    public byte PackedValue { readonly get; set; }

    public static bool operator ==(L8 left, L8 right) => left.Equals(right);

    public static bool operator !=(L8 left, L8 right) => !left.Equals(right);

    // The integer weights of ITU-R BT.601 that PIL uses, so that gray is the same gray in either language.
    public void FromRgba32(Rgba32 source) => PackedValue = (byte)(((source.R * 19595) + (source.G * 38470) + (source.B * 7471) + 0x8000) >> 16);

    public readonly void ToRgba32(ref Rgba32 dest) => dest = new Rgba32(PackedValue, PackedValue, PackedValue, byte.MaxValue);

    public readonly bool Equals(L8 other) => PackedValue == other.PackedValue;

    public override readonly bool Equals(object? obj) => obj is L8 other && Equals(other);

    public override readonly int GetHashCode() => PackedValue;

    public override readonly string ToString() => $"L8({PackedValue})";
}
