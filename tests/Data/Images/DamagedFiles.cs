using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

/// <summary>Changes files and counts what comes of it.</summary>
internal static class DamagedFiles
{
    /// <summary>Changes each byte of a file in turn; what is no image then must be an error that names the file.</summary>
    public static int CountErrors(byte[] file)
    {
        var errors = 0;
        for (var at = 0; at < file.Length; at++)
        {
            var damaged = (byte[])file.Clone();
            damaged[at] ^= 0x55;
            try
            {
                RgbImage.Decode(damaged, "damaged.file");
            }
            catch (InvalidDataException e)
            {
                Assert.Contains("damaged.file", e.Message);
                errors++;
            }
        }

        return errors;
    }
}
