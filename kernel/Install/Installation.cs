namespace Madtp.Kit.Kernel.Install;

/// <summary>
/// What <c>install</c> is to do: the Jupyter data folder to write to, and the variables the kernel is started with.
/// </summary>
internal sealed record Installation(string DataFolder, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Reads <c>[--user | --prefix DIR] [--env NAME=VALUE …]</c>.</summary>
    /// <returns>Null where the options are not these.</returns>
    public static Installation? Parse(string[] options)
    {
        var folder = KernelSpec.UserFolder;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Length; i++)
        {
            switch (options[i..])
            {
                case ["--user", ..]:
                    break;
                case ["--prefix", { Length: > 0 } prefix, ..]:
                    folder = KernelSpec.PrefixFolder(prefix);
                    i++;
                    break;
                case ["--env", var pair, ..] when pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals:
                    environment[pair[..equals]] = pair[(equals + 1)..];
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return new Installation(folder, environment);
    }

    /// <summary>Writes the kernelspec and says where; the exit code.</summary>
    public int Write(TextWriter output)
    {
        var (folder, replaced) = KernelSpec.Write(DataFolder, Environment);
        output.WriteLine($"kernel '{KernelSpec.Name}' written to {folder}");
        if (replaced is not null)
            output.WriteLine($"(it replaces the one that ran: {replaced})");

        return 0;
    }
}
