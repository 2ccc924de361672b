using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

/// <summary>The digests are of the same strings made by Python 3.11 (unicodedata 14.0).</summary>
[Collection(nameof(UnicodeTablesTests))]
public class UnicodeTablesTests
{
    private static readonly int[] Scalars = [.. Enumerable.Range(0, 0x110000).Where(point => point is < 0xD800 or > 0xDFFF)];

    private static readonly Dictionary<UnicodeCategory, string> Codes = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn"
        .Split(' ').Select((code, value) => (code, value)).ToDictionary(pair => (UnicodeCategory)pair.value, pair => pair.code);

    [Fact]
    public void Categories_are_those_of_Unicode_14() => AssertDigest(
        "bb7be576f884d2fc231e766ad81b2d42d707a9ca9fc84d6d4e1d04d015854de8",
        Enumerable.Range(0, 0x110000).Select(point => Codes[UnicodeTables.Instance.CategoryOf(point)]));

    [Fact]
    public void Lower_case_is_Pythons() => AssertDigest(
        "edca77a44be2b4e6ffdbe85bfd097ed3725757a3f23c5ab03b627eba66c8f0af",
        Scalars.Select(point => PythonText.Lower(char.ConvertFromUtf32(point))));

    [Fact]
    public void The_final_sigma_looks_at_its_neighbours_as_Pythons() => AssertDigest(
        "c6b0f952a492a02e6bc0c0bff0f7eae25a2d44c4c811822cb5fa58c73d8c82d8",
        Scalars.Select(char.ConvertFromUtf32).Select(c => PythonText.Lower($"{c}Σ aΣ{c} a{c}Σ")));

    [Fact]
    public void Decomposition_is_NFD() => AssertDigest(
        "45bfd20e6479fe62a36854d0251ce488f571162983f514e0bf9c6821f2e3fec3",
        Scalars.Select(point => Decompose(char.ConvertFromUtf32(point))));

    [Fact]
    public void Marks_are_put_in_canonical_order()
    {
        string[] marks = [.. Scalars.Where(point => UnicodeTables.Instance.CombiningClassOf(point) != 0).Select(char.ConvertFromUtf32)];
        Assert.Equal(912, marks.Length);
        AssertDigest(
            "9597813133067524d381765e4baa36c9132db2d690856ffa8082537c3ccd074e",
            marks.Select((mark, i) => Decompose($"a{mark}{marks[((i * 7) + 3) % 912]}{marks[((i * 11) + 5) % 912]}")));
    }

    [Fact]
    public void White_space_is_Pythons() => AssertDigest(
        "a6ec8760fa200cfff4f449aae25f57dff7be508a8c65b2c06c95536ce4de2dfd",
        Scalars.Select(point => PythonText.IsSpace(point) ? "1" : "0"));

    [Fact]
    public void Strings_are_lowered_whole()
    {
        Assert.Equal("ὀδυσσεύς σας. i\u0307", PythonText.Lower("ὈΔΥΣΣΕΎΣ ΣΑΣ. İ"));
        Assert.Equal("a\uD800b", PythonText.Lower("A\uD800B"));
    }

    private static string Decompose(string text) => string.Concat(PythonText.Decompose(text).Select(char.ConvertFromUtf32));

    private static void AssertDigest(string expected, IEnumerable<string> lines)
        => Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines)))));
}
