using Madtp.Kit.Verification;
using static TorchSharp.torch;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit verify DIR…</c>: holds the kit against folders of reference tensors.</summary>
internal static class VerifyVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "verify",
            "Compare with reference tensors. Exit 0: all equal within tolerance; 1: some differ; 2: a folder cannot be read.",
            "./kit verify tests/golden/*");
        var folders = verb.Argument<string[]>(
            "DIR", "Folders of reference tensors (manifest.json, data.safetensors, checkpoint.pth).", ArgumentArity.OneOrMore);
        var quiet = verb.Option<bool>("--failed", "Print only the rows that differ.");
        var device = DeviceOption.Add(verb);
        verb.SetAction(parsed => Run(parsed.GetRequiredValue(folders), parsed.GetValue(quiet), DeviceOption.Use(parsed, device)));
        return verb;
    }

    private static int Run(string[] folders, bool failedOnly, Device device)
    {
        var (total, failed, unreadable) = (0, 0, 0);
        Console.WriteLine($"{"fixture",-24} {"case",-26} {"tensor",-44} {"max |error|",12} {"tolerance",10}  ok");
        foreach (var folder in folders)
        {
            try
            {
                var rows = GoldenVerifier.Verify(folder, device);
                total += rows.Count;
                failed += rows.Count(row => !row.Ok);
                foreach (var row in rows.Where(row => !failedOnly || !row.Ok))
                {
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{row.Fixture,-24} {row.Case,-26} {row.Tensor,-44} {row.MaxError,12:0.00e+00} "
                        + $"{row.Tolerance,10:0.##e+00}  {(row.Ok ? "ok" : "DIFFERS")} {row.Note}"));
                }
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                unreadable++;
                CommandLine.Remark(e.Message);
            }
        }

        Console.WriteLine(
            $"{total - failed} of {total} tensors within tolerance, {failed} differ, "
            + $"{unreadable} of {folders.Length} folders unreadable");
        return unreadable > 0 ? 2 : failed > 0 ? 1 : 0;
    }
}
