using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Verification;
using static TorchSharp.torch;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit verify DIR…</c>: holds the kit against folders of reference tensors.</summary>
internal static class VerifyVerb
{
    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        var folders = new Argument<string[]>("DIR") { Description = "Fixture folders (manifest.json, data.safetensors, checkpoint.pth).", Arity = ArgumentArity.OneOrMore };
        var quiet = new Option<bool>("--failed") { Description = "Print only the rows that differ." };
        var device = DeviceOption.Create();
        var verb = new Command("verify", "Compare with reference tensors. Exit 0: all equal within tolerance; 1: some differ; 2: a folder cannot be read.") { folders, quiet, device };
        verb.SetAction(parsed => Run(parsed.GetValue(folders)!, parsed.GetValue(quiet), DeviceOption.Use(parsed, device)));
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
                    Print(row);
                }
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                unreadable++;
                Console.Error.WriteLine($"kit: {e.Message}");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{total - failed} of {total} tensors within tolerance, {failed} differ, {unreadable} of {folders.Length} folders unreadable"));
        return unreadable > 0 ? 2 : failed > 0 ? 1 : 0;
    }

    private static void Print(VerificationRow row) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Fixture,-24} {row.Case,-26} {row.Tensor,-44} {row.MaxError,12:0.00e+00} {row.Tolerance,10:0.##e+00}  {(row.Ok ? "ok" : "DIFFERS")} {row.Note}"));
}
