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
            "range" => Between(request.ContentNumber("start", 0), request.ContentNumber("stop", int.MaxValue)),
            "search" => Like(request.ContentText("pattern", "*"), request.ContentFlag("unique", false)).TakeLast(most),
            _ => cells.TakeLast(most),
        };
        var withOutput = request.ContentFlag("output", false);
        JsonNode Entry((int Number, string Code) cell) =>
            new JsonArray(0, cell.Number, withOutput ? new JsonArray(cell.Code, null) : JsonValue.Create(cell.Code));
        return new JsonObject { ["status"] = "ok", ["history"] = new JsonArray([.. found.Select(Entry)]) };
    }

    private IEnumerable<(int Number, string Code)> Between(int start, int stop) =>
        cells.Where(cell => cell.Number >= start && cell.Number < stop);

    // Of cells with the same code the latest counts.
    private IEnumerable<(int Number, string Code)> Like(string pattern, bool unique)
    {
        var found = cells.Where(cell => IsLike(cell.Code, pattern));
        return unique ? found.GroupBy(cell => cell.Code).Select(same => same.Last()).OrderBy(cell => cell.Number) : found;
    }

    private static bool IsLike(string code, string pattern) =>
        Regex.IsMatch(code, $"^{Regex.Escape(pattern).Replace(@"\*", ".*").Replace(@"\?", ".")}$", RegexOptions.Singleline);
}
