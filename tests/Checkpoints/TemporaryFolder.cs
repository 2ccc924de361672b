namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>A folder that goes away with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kit-checkpoints-");

    public string File(string name) => Path.Combine(folder.FullName, name);

    public string Write(byte[] content, string name = "file.pth")
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public string[] Files() => Directory.GetFiles(folder.FullName);

    public void Dispose() => folder.Delete(recursive: true);
}
