using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>What a cell came to: the reply, and the broadcasts in order.</summary>
internal sealed record CellResult(string Id, Message Reply, IReadOnlyList<Message> Broadcasts)
{
    public string Status => (string?)Reply.Content["status"] ?? "";

    public int Count => (int?)Reply.Content["execution_count"] ?? -1;

    public string Stdout => Stream("stdout");

    public string Stderr => Stream("stderr");

    /// <summary>The value of the last expression as plain text; null where there was none.</summary>
    public string? Text => (string?)Result?["text/plain"];

    /// <summary>The value of the last expression, in all its forms.</summary>
    public JsonObject? Result => (JsonObject?)Of("execute_result").FirstOrDefault()?.Content["data"];

    public IReadOnlyList<JsonObject> Displays => [.. Of("display_data").Select(each => (JsonObject)each.Content["data"]!)];

    public string ErrorName => (string?)Reply.Content["ename"] ?? "";

    public string ErrorMessage => (string?)Reply.Content["evalue"] ?? "";

    /// <summary>The traceback as shown, without its colours.</summary>
    public string Trace => System.Text.RegularExpressions.Regex.Replace(
        string.Join('\n', (Reply.Content["traceback"] as JsonArray ?? []).Select(line => (string?)line)), "\u001b\\[\\d*m", "");

    public IEnumerable<Message> Of(string type) => Broadcasts.Where(each => each.Type == type);

    private string Stream(string name) => string.Concat(Of("stream").Where(each => (string?)each.Content["name"] == name).Select(each => (string?)each.Content["text"]));
}
