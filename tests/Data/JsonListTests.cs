using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public sealed class JsonListTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Elements_are_those_that_a_whole_parse_finds() => Prop.ForAll<string[], bool, int>((texts, isIndented, padding) =>
    {
        var elements = texts.Select((t, i) => new { id = i, text = t ?? string.Empty, more = new object[] { t + "\"[{\\", i, new[] { 1.5, -2 } } }).ToArray();
        var json = JsonSerializer.Serialize(
            new { info = new { url = "[{\"]}" }, skip = new[] { new[] { 1, 2 } }, big = new string('x', Math.Abs(padding % 10) * 130_000), items = elements, last = true },
            new JsonSerializerOptions { WriteIndented = isIndented });
        File.WriteAllText(path, json);
        using var whole = JsonDocument.Parse(json);
        var expected = whole.RootElement.GetProperty("items").EnumerateArray().ToArray();
        using var found = new JsonList(path, "items");
        Assert.Equal(["info", "skip", "big", "items", "last"], found.Properties.Keys);
        return expected.Select(e => e.GetRawText()).SequenceEqual(found.ReadAll<JsonElement>().Select(e => e.GetRawText()));
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Elements_of_any_kind_are_told_apart()
    {
        File.WriteAllText(path, "\uFEFF [1 , \"a,b]\", {\"x\": [2]},null, [[ ]],true ]");
        using var found = new JsonList(path);
        Assert.Equal(6, found.Count);
        Assert.Equal("{\"x\": [2]}", found.Read<JsonElement>(2).GetRawText());
        Assert.Contains("an object is expected, not \"a,b]\"", Assert.Throws<InvalidDataException>(() => found.Read<JsonElement>(1)).Message);
        Assert.Contains("not [[ ]]", Assert.Throws<InvalidDataException>(() => found.Read<JsonElement>(4)).Message);
    }

    [Theory]
    [InlineData("{\"a\": 1}", "has no \"items\"")]
    [InlineData("{\"a\": {\"items\": []}}", "has no \"items\"")]
    [InlineData("{\"items\": 5}", "an array is expected")]
    [InlineData("{\"items\": [1 2]}", "line 1: not valid JSON")]
    [InlineData("{\"items\": [1,\n\"x", "line 2: not valid JSON")]
    [InlineData("{\"items\": [\n\"x\n\"]}", "line 2: not valid JSON")]
    [InlineData("{\"items\": [\n\n{\"a\": \u0001}]}", "line 3: not valid JSON")]
    [InlineData("{\"items\"", "line 1: not valid JSON")]
    [InlineData("[]", "an object is expected")]
    [InlineData("", "empty")]
    [InlineData("\u0000\u0001", "not valid JSON")]
    public void Damage_is_named_in_a_sentence(string content, string reason)
    {
        File.WriteAllText(path, content);
        var error = Assert.Throws<InvalidDataException>(() => new JsonList(path, "items"));
        Assert.Contains(reason, error.Message);
        Assert.Contains(path, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Depth_without_end_is_refused()
    {
        File.WriteAllText(path, new string('[', 1 << 20));
        Assert.Contains("not valid JSON", Assert.Throws<InvalidDataException>(() => new JsonList(path)).Message);
    }

    [Fact]
    public void Properties_of_the_object_are_told_wherever_they_stand()
    {
        File.WriteAllText(path, "{\"info\": {\"data_subtype\": \"x\"}, \"items\": [{\"a\": \"b\"}], \"data_subtype\": \"val2014\", \"license\": [\"y\"]}");
        using var found = new JsonList(path, "items");
        Assert.Equal(
            new Dictionary<string, string?> { ["info"] = null, ["items"] = null, ["data_subtype"] = "val2014", ["license"] = null }, found.Properties);
    }

    [Fact]
    public void What_is_found_wrong_with_an_element_is_told_with_its_line()
    {
        File.WriteAllText(path, "[{\"n\": 1},\n\n{\"n\": 2}, {\"n\": \"3\"},\n{\"m\": 4}, {\"n\": null}, {\"n\": 1.5}]");
        using var found = new JsonList(path);
        var made = found.Select((Row row, int index) => row.N == index + 1 && row.N != 2 ? row.N : throw new InvalidDataException("it is even"));
        Assert.Equal((1, 3), (made[0], made[2]));
        string Refusal(int index) => Assert.Throws<InvalidDataException>(() => made[index]).Message;
        Assert.Equal(
            [$"{path}, line 3: it is even", $"{path}, line 4: no \"n\"", $"{path}, line 4: \"n\" must be a whole number, not null",
                $"{path}, line 4: \"n\" must be a whole number, not 1.5"], new[] { 1, 3, 4, 5 }.Select(Refusal));
    }

    [Fact]
    public void Memory_stays_small_whatever_the_files_size()
    {
        using (var file = File.CreateText(path))
        {
            file.Write("{\"skipped\": [");
            for (var i = 0; i < 200_000; i++)
                file.Write($"{(i > 0 ? "," : string.Empty)}{{\"n\": {i}}}");

            file.Write("], \"items\": [");
            for (var i = 0; i < 200_000; i++)
                file.Write($"{(i > 0 ? ",\n" : string.Empty)}{{\"question_id\": {i}, \"question\": \"what is this?\"}}");

            file.Write("]}");
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var found = new JsonList(path, "items");
        Assert.Equal(200_000, found.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10 << 20);
        Assert.Equal(199_999, found.Read<JsonElement>(199_999).GetProperty("question_id").GetInt32());
    }

    private sealed record Row(long N);
}
