using System.Text.Json;
using System.Text;
using FsCheck.Fluent;
using FsCheck;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public sealed class JsonArrayScannerTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Elements_are_those_that_a_whole_parse_finds() => Prop.ForAll<string[], bool, int>((texts, isIndented, padding) =>
    {
        var elements = texts.Select((t, i) => new { id = i, text = t ?? string.Empty, more = new object[] { t + "\"[{\\", i, new[] { 1.5, -2 } } }).ToArray();
        var json = JsonSerializer.Serialize(
            new { info = new { url = "[{\"]}" }, skip = new[] { new[] { 1, 2 } }, big = new string('x', Math.Abs(padding % 10) * 30_000), items = elements, last = true },
            new JsonSerializerOptions { WriteIndented = isIndented });
        File.WriteAllText(path, json);
        var bytes = File.ReadAllBytes(path);
        using var whole = JsonDocument.Parse(bytes);
        var expected = whole.RootElement.GetProperty("items").EnumerateArray().Select(e => e.GetRawText()).ToArray();
        var found = new List<string>();
        JsonArrayScanner.Scan(path, "items", (slice, element) =>
        {
            found.Add(Encoding.UTF8.GetString(element));
            Assert.Equal(element.ToArray(), bytes.AsSpan((int)slice.Offset, slice.Length).ToArray());
            Assert.Equal(1 + bytes.AsSpan(0, (int)slice.Offset).Count((byte)'\n'), slice.Line);
        });
        return expected.SequenceEqual(found);
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Elements_of_any_kind_are_told_apart()
    {
        File.WriteAllText(path, " [1 , \"a,b]\", {\"x\": [2]},null, [[ ]],true ]");
        var found = new List<string>();
        JsonArrayScanner.Scan(path, null, (_, e) => found.Add(Encoding.UTF8.GetString(e)));
        Assert.Equal(["1", "\"a,b]\"", "{\"x\": [2]}", "null", "[[ ]]", "true"], found);
    }

    [Theory]
    [InlineData("{\"a\": 1}", "has no \"items\"")]
    [InlineData("{\"items\": 5}", "an array is expected")]
    [InlineData("{\"items\": [1 2]}", "a comma or the array's end")]
    [InlineData("{\"items\": [1,\n\"x", "cut off at line 2")]
    [InlineData("{\"items\": [\n\"x\n\"]}", "line 2: a text runs over")]
    [InlineData("{\"items\"", "cut off")]
    [InlineData("[]", "an object is expected")]
    public void Damage_is_named(string content, string reason)
    {
        File.WriteAllText(path, content);
        var error = Assert.Throws<InvalidDataException>(() => JsonArrayScanner.Scan(path, "items", (_, _) => { }));
        Assert.Contains(reason, error.Message);
        Assert.Contains(path, error.Message);
    }

    [Fact]
    public void Memory_stays_small_whatever_the_files_size()
    {
        using (var file = File.CreateText(path))
        {
            file.Write("{\"skipped\": [");
            for (var i = 0; i < 200_000; i++)
            {
                file.Write($"{(i > 0 ? "," : string.Empty)}{{\"n\": {i}}}");
            }

            file.Write("], \"items\": [");
            for (var i = 0; i < 200_000; i++)
            {
                file.Write($"{(i > 0 ? ",\n" : string.Empty)}{{\"question_id\": {i}, \"question\": \"what is this?\"}}");
            }

            file.Write("]}");
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var count = 0;
        JsonArrayScanner.Scan(path, "items", (_, _) => count++);
        Assert.Equal(200_000, count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}
