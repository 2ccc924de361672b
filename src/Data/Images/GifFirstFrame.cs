using System.Buffers.Binary;

namespace Madtp.Kit.Data.Images;

/// <summary>Where a GIF's first picture lies and what is transparent in it. PIL gives a transparent pixel the colour that the
/// palette has at its index, also around a picture smaller than the screen; Skia would make both black.</summary>
/// <param name="Columns">The picture's columns on the screen.</param>
/// <param name="ControlAt">Where the flags stand that make an index transparent; null if there are none.</param>
/// <param name="Around">The colour around the picture: red, green, blue.</param>
internal sealed record GifFirstFrame(Range Columns, Range Rows, int? ControlAt, (byte Red, byte Green, byte Blue) Around)
{
    private const byte Extension = 0x21;
    private const byte Control = 0xF9;
    private const byte Picture = 0x2C;

    /// <summary>Finds the first picture; null where the bytes are no GIF or end before it.</summary>
    public static GifFirstFrame? Find(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith("GIF8"u8) || file.Length < 13)
        {
            return null;
        }

        var at = 13;
        var palette = Palette(file, ref at, file[10]);
        int? control = null;
        while (at + 10 <= file.Length)
        {
            if (file[at] == Picture)
            {
                var (left, top) = (Number(file, at + 1), Number(file, at + 3));
                var (columns, rows) = (left..(left + Number(file, at + 5)), top..(top + Number(file, at + 7)));
                var flags = file[at + 9];
                at += 10;
                var own = Palette(file, ref at, flags);
                var index = control is { } c && (file[c] & 1) != 0 ? file[c + 3] : 0;
                return new GifFirstFrame(columns, rows, control, Colour(own.IsEmpty ? palette : own, index));
            }

            if (file[at] != Extension)
            {
                at++; // as decoders do with stray bytes
                continue;
            }

            if (file[at + 1] == Control && file[at + 2] >= 4)
            {
                control = at + 3;
            }

            at += 2;
            while (at < file.Length && file[at] != 0)
            {
                at += 1 + file[at];
            }

            at++;
        }

        return null;
    }

    /// <summary>The file with no transparent index.</summary>
    public byte[] WithoutTransparency(ReadOnlySpan<byte> file)
    {
        var opaque = file.ToArray();
        if (ControlAt is { } at)
        {
            opaque[at] &= 0xFE;
        }

        return opaque;
    }

    /// <summary>Paints what lies on the screen around the picture.</summary>
    public void FillAround(RgbImage screen)
    {
        for (var (pixel, at) = (0, 0); at < screen.Pixels.Length; pixel++, at += 3)
        {
            var (y, x) = Math.DivRem(pixel, screen.Width);
            if (y < Rows.Start.Value || y >= Rows.End.Value || x < Columns.Start.Value || x >= Columns.End.Value)
            {
                (screen.Pixels[at], screen.Pixels[at + 1], screen.Pixels[at + 2]) = Around;
            }
        }
    }

    private static ReadOnlySpan<byte> Palette(ReadOnlySpan<byte> file, ref int at, byte flags)
    {
        if ((flags & 0x80) == 0)
        {
            return [];
        }

        var from = Math.Min(at, file.Length);
        at += 3 * (2 << (flags & 7));
        return file[from..Math.Min(at, file.Length)];
    }

    // Without a palette an index is a shade of gray; past a palette's end it is black.
    private static (byte Red, byte Green, byte Blue) Colour(ReadOnlySpan<byte> palette, int index)
        => palette.IsEmpty ? ((byte)index, (byte)index, (byte)index)
            : (index * 3) + 2 < palette.Length ? (palette[index * 3], palette[(index * 3) + 1], palette[(index * 3) + 2])
            : default;

    private static int Number(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file[at..]);
}
