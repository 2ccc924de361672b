using Madtp.Kit.Checkpoints;
using Xunit;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>Zip archives whose directory lies end in a named error.</summary>
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

    // A bomb is an archive that unpacks to far more than its size. Nothing is unpacked here, so there is none.
    [Fact]
    public void Compressed_entries_are_refused()
    {
        Assert.Contains("'a/data/0' is compressed", Failure(With(new(Method: 8))));
        Assert.Contains("'a/data.pkl' is compressed", Failure(new ZipBytes().Add("a/data.pkl", Pickle, new(Method: 8))));
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
        {
            Failure(whole[..length]);
        }

        Assert.Contains("cut off", Failure(whole[..^1]));
    }

    private static ZipBytes With(ZipBytes.Lie? lie, bool is64 = false) => new ZipBytes { Is64 = is64 }.Add("a/data.pkl", Pickle).Add("a/data/0", new byte[16], lie);

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
