namespace Madtp.Kit.Data;

/// <summary>What people have in the place of a file that the kit reads, told by how it begins.</summary>
internal static class ForeignFile
{
    /// <summary>What is said of a pipe, behind its name, where a file is read more than once.</summary>
    public const string Pipe = "is a pipe, and this is read from a file alone: write it to one first";

    private static readonly (int At, string Beginning, string What)[] Known =
    [
        (0, "version https://git-lfs", "it is Git LFS's pointer to the file, which `git lfs pull` fetches"),
        (0, "<", "it is text, a page of the web or SVG, perhaps of a server that refused; fetch the file again"),
        (0, "{", "it is JSON, perhaps the list of a checkpoint that lies in several files; load that and save it as one"),
        (0, "\u001f\u008b", "it is packed by gzip; unpack it first"),
        (0, "\u0093NUMPY", "it is an array of NumPy's"), (0, "\u0089HDF", "it is HDF5, as Keras writes it"),
        (0, "GGUF", "it is GGUF"), (0, "%PDF", "it is PDF"),
        (0, "II*\0", "it is TIFF; convert it to PNG"), (0, "MM\0*", "it is TIFF; convert it to PNG"),
        (4, "ftypavi", "it is AVIF; convert it to PNG"),
        (4, "ftyph", "it is HEIC, as phones write it; convert it to JPEG or PNG"),
        (4, "ftypm", "it is HEIC, as phones write it; convert it to JPEG or PNG"),
    ];

    /// <summary>What it is and what to do, in part of a sentence; null where nobody knows.</summary>
    public static string? Of(ReadOnlySpan<byte> file)
    {
        var head = Encoding.Latin1.GetString(file[..Math.Min(24, file.Length)]).TrimStart();
        return Known.FirstOrDefault(one =>
            head.AsSpan(Math.Min(one.At, head.Length)).StartsWith(one.Beginning, StringComparison.Ordinal)).What;
    }
}
