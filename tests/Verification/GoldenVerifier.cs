using System.Runtime.InteropServices;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>One compared tensor.</summary>
/// <param name="Fixture">Folder name of the fixture.</param>
/// <param name="Case">Case inside it.</param>
/// <param name="Tensor">Name of the tensor, or of a count in the manifest.</param>
/// <param name="MaxError">Largest absolute difference; NaN where shapes differ or a value is missing.</param>
/// <param name="Tolerance">Allowed |difference| / (1 + |expected|); 0 demands equality.</param>
/// <param name="Ok">Whether every element is within tolerance.</param>
/// <param name="Note">What is wrong where no error can be computed, or empty.</param>
public sealed record VerificationRow(
    string Fixture, string Case, string Tensor, double MaxError, double Tolerance, bool Ok, string Note = "");

/// <summary>Holds the kit against reference tensors of the authors' code.</summary>
public static class GoldenVerifier
{
    private static readonly SortedDictionary<string, Func<GoldenFixture, FixtureCheck>> Checks = new(StringComparer.Ordinal)
    {
        ["sparsemax"] = fixture => new SparsemaxCheck(fixture),
        ["mag"] = fixture => new AlignmentCheck(fixture),
        ["dtp_vit_block"] = fixture => new VisionBlockCheck(fixture),
        ["dtp_bert_layer"] = fixture => new BertLayerCheck(fixture),
        ["vit_tiny"] = fixture => new VisionTransformerCheck(fixture),
        ["blip_nlvr_tiny"] = fixture => new BlipNlvrCheck(fixture),
        ["clip_tiny"] = fixture => new ClipCheck(fixture),
        ["blip_retrieval_tiny"] = fixture => new BlipRetrievalCheck(fixture),
        ["blip_caption_tiny"] = fixture => new BlipCaptionCheck(fixture),
        ["blip_vqa_tiny"] = fixture => new BlipVqaCheck(fixture),
    };

    /// <summary>Kinds of fixtures that can be verified.</summary>
    public static IReadOnlyCollection<string> Kinds => Checks.Keys;

    /// <summary>Verifies one fixture folder.</summary>
    /// <param name="folder">The fixture.</param>
    /// <param name="device">
    /// Where the kit computes; the CPU if null.
    /// </param>
    /// <returns>A row per compared tensor.</returns>
    /// <exception cref="InvalidDataException">The folder is not a fixture that the kit knows; the message says why.</exception>
    public static IReadOnlyList<VerificationRow> Verify(string folder, Device? device = null)
    {
        var before = get_default_device();
        set_default_device(device ?? before); // models and constants are made there, too
        try
        {
            using var fixture = GoldenFixture.Open(folder, device ?? before);
            return Checks.TryGetValue(fixture.Kind, out var check)
                ? check(fixture).Run()
                : throw new InvalidDataException(
                    $"fixture '{fixture.Name}' is of kind '{fixture.Kind}'; the kit verifies {string.Join(", ", Kinds)}");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or IndexOutOfRangeException or ExternalException)
        {
            var said = NativeError.Text(e).Split(" (Parameter '")[0];
            throw new InvalidDataException($"{folder}: what it holds does not fit together: {said}", e);
        }
        finally
        {
            set_default_device(before);
        }
    }

    /// <summary>
    /// Verifies one fixture folder and insists: for a notebook's check, which is to stop where a tensor differs.
    /// </summary>
    /// <returns>A sentence such as "mag-11: 21 of 21 tensors agree, largest error 1.2E-07".</returns>
    /// <exception cref="InvalidDataException">
    /// A tensor differs, and the message names it; or the folder is not a fixture that the kit knows.
    /// </exception>
    public static string Require(string folder)
    {
        var rows = Verify(folder);
        var wrong = rows.Where(row => !row.Ok).Select(row => row.Tensor).ToArray();
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return wrong.Length == 0
            ? FormattableString.Invariant(
                $"{name}: {rows.Count} of {rows.Count} tensors agree, largest error {rows.Max(row => row.MaxError):0.0E+00}")
            : throw new InvalidDataException(
                $"{name}: {wrong.Length} of {rows.Count} tensors differ: {string.Join(", ", wrong)}");
    }
}
