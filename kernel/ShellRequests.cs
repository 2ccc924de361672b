using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Language;
using Madtp.Kit.Kernel.Output;
using Madtp.Kit.Kernel.Wire;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Madtp.Kit.Kernel;

/// <summary>The shell channel: running cells, and questions about code.</summary>
internal sealed class ShellRequests(
    MessageSocket socket, Publisher publisher, CellRunner runner, LastWords words, Action<string> log)
    : Requests(socket, publisher, log)
{
    private static readonly TimeSpan Straggling = TimeSpan.FromMilliseconds(50);

    private readonly Publisher publisher = publisher;
    private readonly MessageSocket socket = socket;
    private readonly Completer completer = new(runner.Session);
    private readonly Inspector inspector = new(runner.Session);
    private readonly History history = new();
    private int count, unnumbered;

    protected override Action<Message>? Handler(string type) => type switch
    {
        "execute_request" => Execute,
        "complete_request" => Complete,
        "inspect_request" => Inspect,
        "is_complete_request" => IsComplete,
        "kernel_info_request" => request => Reply(request, KernelInfo.Reply()),
        "history_request" => request => Reply(request, history.Reply(request)),
        "comm_info_request" => request => Reply(request, new JsonObject { ["status"] = "ok", ["comms"] = new JsonObject() }),
        "comm_open" => RefuseComm,
        "shutdown_request" => Shutdown,
        _ => null,
    };

    private void Execute(Message request)
    {
        var silent = request.ContentFlag("silent", false);
        var stored = !silent && request.ContentFlag("store_history", true);
        var number = silent ? count : stored ? ++count : count + 1;
        var path = stored ? $"cell {number}" : $"unnumbered cell {++unnumbered}";
        var cell = new CellContext(request, number, path, silent, request.ContentFlag("allow_stdin", false));
        string code;
        try
        {
            code = request.ContentText("code");
        }
        catch (InvalidDataException broken)
        {
            Fail(request, cell, runner.Report.Of(broken));
            return;
        }

        if (stored)
            history.Add(number, code);

        if (!silent)
        {
            publisher.Publish("execute_input", request.RawHeader,
                new JsonObject { ["code"] = code, ["execution_count"] = number });
        }

        if (!silent)
            publisher.Print("stderr", cell, words.OfBefore());

        words.Note($"while {path} ran");
        var outcome = runner.Run(cell, code);
        words.Clear();
        if (outcome.Failure is { } failure)
        {
            Fail(request, cell, failure);
            return;
        }

        if (outcome.Result is { } result && !silent)
        {
            publisher.Publish("execute_result", request.RawHeader,
                new JsonObject { ["execution_count"] = number, ["data"] = result.ToJson(), ["metadata"] = new JsonObject() });
        }

        Reply(request, new JsonObject { ["status"] = "ok", ["execution_count"] = number, ["payload"] = new JsonArray(),
            ["user_expressions"] = UserExpressions(request, cell) });
    }

    private void Fail(Message request, CellContext cell, CellFailure failure)
    {
        var error = Error(failure);
        if (!cell.Silent)
            publisher.Publish("error", request.RawHeader, (JsonObject)error.DeepClone());

        error["status"] = "error";
        error["execution_count"] = cell.Number;
        error["payload"] = new JsonArray();
        error["user_expressions"] = new JsonObject();
        Reply(request, error);
        if (request.ContentFlag("stop_on_error", true))
            AbortWaiting();
    }

    private static JsonObject Error(CellFailure failure) => new()
    {
        ["ename"] = failure.Name,
        ["evalue"] = failure.Message,
        ["traceback"] = new JsonArray([.. failure.Trace.Select(line => JsonValue.Create(line))]),
    };

    // 'Run all' has sent the cells below already; they rest on the one that failed.
    private void AbortWaiting()
    {
        Thread.Sleep(Straggling);
        bool came;
        do
        {
            if (socket.Receive(wait: false, out came) is not { } waiting)
                continue;

            if (waiting.Type != "execute_request")
            {
                Handle(waiting);
                continue;
            }

            publisher.Status("busy", waiting.RawHeader);
            Reply(waiting, new JsonObject { ["status"] = "aborted", ["execution_count"] = count });
            publisher.Status("idle", waiting.RawHeader);
        }
        while (came);
    }

    private JsonObject UserExpressions(Message request, CellContext cell)
    {
        var answers = new JsonObject();
        foreach (var (name, node) in request.Content["user_expressions"] as JsonObject ?? [])
        {
            var outcome = Evaluate(cell, node);
            if (outcome.Failure is { } failure)
            {
                var error = Error(failure);
                error["status"] = "error";
                answers[name] = error;
            }
            else
            {
                answers[name] = new JsonObject { ["status"] = "ok", ["data"] = outcome.Result?.ToJson() ?? [],
                    ["metadata"] = new JsonObject() };
            }
        }

        return answers;
    }

    private CellOutcome Evaluate(CellContext cell, JsonNode? expression)
    {
        try
        {
            return runner.Evaluate(cell, Message.TextOf(expression) ?? "");
        }
        catch (InvalidDataException broken)
        {
            return CellOutcome.Failed(runner.Report.Of(broken));
        }
    }

    private void Complete(Message request)
    {
        var code = request.ContentText("code");
        var found = completer.At(code, TextPosition.FromCodePoints(code, request.ContentNumber("cursor_pos", code.Length)));
        var (start, end) = (TextPosition.ToCodePoints(code, found.Start), TextPosition.ToCodePoints(code, found.End));
        var types = found.Items.Select(
            item => new JsonObject { ["text"] = item.Text, ["type"] = item.Kind, ["start"] = start, ["end"] = end });
        Reply(request, new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. found.Items.Select(item => JsonValue.Create(item.Text))]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject { ["_jupyter_types_experimental"] = new JsonArray([.. types]) },
        });
    }

    private void Inspect(Message request)
    {
        var code = request.ContentText("code");
        var text = inspector.At(code, TextPosition.FromCodePoints(code, request.ContentNumber("cursor_pos", code.Length)));
        Reply(request, new JsonObject
        {
            ["status"] = "ok",
            ["found"] = text is not null,
            ["data"] = text is null ? new JsonObject() : new JsonObject { ["text/plain"] = text },
            ["metadata"] = new JsonObject(),
        });
    }

    private void IsComplete(Message request)
    {
        var tree = CSharpSyntaxTree.ParseText(request.ContentText("code"), CellSource.ParseOptions);
        Reply(request, !SyntaxFactory.IsCompleteSubmission(tree)
            ? new JsonObject { ["status"] = "incomplete", ["indent"] = "    " }
            : new JsonObject { ["status"] = tree.GetDiagnostics().Any(each => each.Severity == DiagnosticSeverity.Error)
                ? "invalid" : "complete" });
    }

    // There are no widgets here: saying so at once spares the front end from waiting.
    private void RefuseComm(Message request) =>
        publisher.Publish("comm_close", request.RawHeader,
            new JsonObject { ["comm_id"] = request.ContentText("comm_id"), ["data"] = new JsonObject() });
}
