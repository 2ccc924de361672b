using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel;

/// <summary>The cells run in this session, as consoles ask for them.</summary>
internal sealed class History
{
    private readonly List<(int Number, string Code)> cells = [];

    public void Add(int number, string code) => cells.Add((number, code));

    public JsonObject Reply(Message request)
    {
        var most = request.ContentNumber("n", int.MaxValue);
        var found = request.ContentText("hist_access_type") switch
        {
            "range" => cells.Where(cell => cell.Number >= request.ContentNumber("start", 0) && cell.Number < request.ContentNumber("stop", int.MaxValue)),
            "search" => cells.Where(cell => IsLike(cell.Code, request.ContentText("pattern", "*"))).TakeLast(most),
            _ => cells.TakeLast(most),
        };
        var withOutput = request.ContentFlag("output", false);
        return new JsonObject
        {
            ["status"] = "ok",
            ["history"] = new JsonArray([.. found.Select(cell => (JsonNode)new JsonArray(0, cell.Number, withOutput ? new JsonArray(cell.Code, null) : JsonValue.Create(cell.Code)))]),
        };
    }

    private static bool IsLike(string code, string pattern) =>
        Regex.IsMatch(code, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal)}$", RegexOptions.Singleline);
}
