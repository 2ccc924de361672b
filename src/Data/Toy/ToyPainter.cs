using System.Security.Cryptography;
using System.Text;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Toy;

/// <summary>Writes the pictures of a split as JPEG files, with the patches' true classes beside the annotations.</summary>
internal sealed class ToyPainter(Action<int> painted, CancellationToken cancellation)
{
    // Fine enough that the noise of the grounds survives and edges keep their colour.
    private const int Quality = 95;

    private readonly List<byte[]> digests = [];
    private int done;

    /// <summary>The hashes of all that was painted, in order.</summary>
    public byte[] Digests() => [.. digests.SelectMany(d => d)];

    /// <summary>Paints pictures into FOLDER/IMAGES and their patches' classes into FOLDER/PATCHES; returns each with its name below FOLDER.</summary>
    public (ToyPicture Picture, string Name)[] Paint(string folder, string images, string patches, ToyPicture[] pictures, Func<int, string> nameOf)
    {
        Directory.CreateDirectory(Path.Combine(folder, images));
        var hashes = new byte[pictures.Length][];
        var classes = new byte[pictures.Length * ToyScene.Patches];
        Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            var picture = pictures[i];
            var pixels = ToyRenderer.Render(picture.Scene);
            Save(pixels, Path.Combine(folder, images, nameOf(picture.Id)));
            ToyRenderer.PatchClasses(picture.Scene).CopyTo(classes, i * ToyScene.Patches);
            var words = picture.Captions.Concat(picture.Questions.SelectMany(q => q.Answers.Prepend(q.Question.Text)));
            hashes[i] = SHA256.HashData([.. pixels, .. Encoding.UTF8.GetBytes(string.Join('\n', words))]);
            painted(Interlocked.Increment(ref done));
        });
        ToyPatchClasses.Write(Path.Combine(folder, patches), classes);
        digests.AddRange(hashes);
        return [.. pictures.Select(p => (p, $"{images}/{nameOf(p.Id)}"))];
    }

    private static void Save(byte[] pixels, string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(ImageEncoding.Jpeg(pixels, ToyScene.Size, ToyScene.Size, Quality));
    }
}
