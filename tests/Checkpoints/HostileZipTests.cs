using System.IO.Compression;
using Madtp.Kit.Checkpoints;
using Xunit;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>Zip archives whose directory lies end in a named error.</summary>
[Collection(nameof(HostileZipTests))]
public class HostileZipTests
{
    private static readonly byte[] Pickle = new PickleBytes().Op("}").Text("w").Tensor("FloatStorage", "0", 4, 0, [4], [1]).Op("s").Stop();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_honest_archive_opens(bool is64)
    {
        using var folder = new TemporaryFolder();
        float[] values = [1, 2, 3, 4];
        using var file = CheckpointFile.Open(folder.Write(new ZipBytes { Is64 = is64 }.Add("a/data.pkl", Pickle).Add("a/data/0", Bytes(values)).Finish()));
        Assert.Equal(CheckpointFormat.PyTorchZip, file.Format);
        Assert.Equal(values, file["w"].ToArray<float>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Entries_past_the_end_are_named(bool is64)
    {
        Assert.Contains("'a/data/0'", Failure(With(new(Offset: 1_000_000), is64)));
        Assert.Contains("'a/data/0' claims 1000000 bytes", Failure(With(new(Length: 1_000_000), is64)));
        Assert.Contains("'a/data/0' is not at byte 3", Failure(With(new(Offset: 3), is64)));
    }

    [Fact]
    public void Impossible_64_bit_fields_are_named()
    {
        Assert.Contains("claims -5 bytes", Failure(With(new(Length: -5), is64: true)));
        Assert.Contains("is not at byte -5", Failure(With(new(Offset: -5), is64: true)));
        Assert.Contains("claims 9223372036854775807", Failure(With(new(Length: long.MaxValue), is64: true)));
        Assert.Contains("entries in", Failure(new ZipBytes { Is64 = true, ClaimedCount = long.MaxValue }.Add("a/data.pkl", Pickle)));
        Assert.Contains("entries in", Failure(new ZipBytes { Is64 = true, ClaimedCount = -1 }.Add("a/data.pkl", Pickle)));
        Assert.Contains("entries in", Failure(new ZipBytes { ClaimedCount = 60_000 }.Add("a/data.pkl", Pickle)));
    }

    [Fact]
    public void Packed_entries_are_read()
    {
        using var folder = new TemporaryFolder();
        float[] values = [1, 2, 3, 4];
        var zip = new ZipBytes().Add("a/data.pkl", Deflated(Pickle), new(Method: 8, Size: Pickle.Length)).Add("a/data/0", Deflated(Bytes(values)), new(Method: 8, Size: 16));
        using var file = CheckpointFile.Open(folder.Write(zip.Finish()));
        Assert.Equal(values, file["w"].ToArray<float>());
    }

    // A bomb is an archive that unpacks to far more than its size.
    [Fact]
    public void Bombs_and_entries_that_do_not_unpack_are_named()
    {
        var zeros = Deflated(new byte[100 << 20]);
        Assert.Contains("would unpack to", Failure(With(null).Add("a/data/1", zeros, new(Method: 8, Size: 100 << 20))));
        Assert.Contains("packed by method 12", Failure(With(new(Method: 12))));
        Assert.Contains("'a/data.pkl' does not unpack to the 9 bytes", Failure(new ZipBytes().Add("a/data.pkl", Deflated(Pickle), new(Method: 8, Size: 9))));
        Assert.Contains("'a/data.pkl' does not unpack", Failure(new ZipBytes().Add("a/data.pkl", Pickle, new(Method: 8, Size: Pickle.Length))));
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(folder.Write(new ZipBytes().Add("a/data.pkl", Pickle).Add("a/data/0", [1, 2, 3], new(Method: 8, Size: 16)).Finish()));
        Assert.Contains("'a/data/0' does not unpack", Assert.Throws<InvalidDataException>(() => file["w"].ToArray<float>()).Message);
    }

    [Fact]
    public void What_follows_the_archive_does_not_matter()
    {
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(folder.Write([.. With(null).Finish(), .. new byte[100_000]]));
        Assert.Equal(["w"], file.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Encrypted_doubled_renamed_and_overlapping_entries_are_named()
    {
        Assert.Contains("'a/data/0' is encrypted", Failure(With(new(Flags: 1))));
        Assert.Contains("'a/data.pkl' twice", Failure(new ZipBytes().Add("a/data.pkl", Pickle).Add("a/data.pkl", Pickle)));
        Assert.Contains("another name in place", Failure(With(new(Name: "a/data/1"))));
        // The first entry claims the second one's bytes too.
        Assert.Contains("'a/data.pkl' and 'a/data/0' overlap", Failure(new ZipBytes().Add("a/data.pkl", Pickle, new(Length: Pickle.Length + 50)).Add("a/data/0", new byte[16])));
    }

    [Fact]
    public void An_archive_of_something_else_is_named()
    {
        Assert.Contains("without a data.pkl", Failure(new ZipBytes().Add("word/document.xml", [1, 2, 3])));
        Assert.Contains("2 data.pkl", Failure(new ZipBytes().Add("a/data.pkl", Pickle).Add("b/data.pkl", Pickle)));
        Assert.Contains("without a data.pkl", Failure(new ZipBytes()));
        Assert.Contains("big-endian", Failure(With(null).Add("a/byteorder", "big"u8.ToArray())));
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_named()
    {
        var whole = With(null).Finish();
        for (var length = 1; length < whole.Length; length++)
            Failure(whole[..length]);

        Assert.Contains("cut off", Failure(whole[..^1]));
    }

    private static ZipBytes With(ZipBytes.Lie? lie, bool is64 = false) => new ZipBytes { Is64 = is64 }.Add("a/data.pkl", Pickle).Add("a/data/0", new byte[16], lie);

    private static byte[] Deflated(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var deflater = new DeflateStream(packed, CompressionLevel.Optimal))
            deflater.Write(bytes);

        return packed.ToArray();
    }

    private static byte[] Bytes(float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static string Failure(ZipBytes zip) => Failure(zip.Finish());

    private static string Failure(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write(bytes);
        var error = Assert.Throws<InvalidDataException>(() => CheckpointFile.Open(path));
        Assert.StartsWith(path, error.Message);
        return error.Message;
    }
}
