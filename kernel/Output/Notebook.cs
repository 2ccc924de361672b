using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Formatting;
using Madtp.Kit.Kernel.Wire;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Output;

/// <summary>The notebook as cells know it: carries what they display and ask to the front end.</summary>
internal sealed class Notebook
{
    private static Notebook? current;

    private readonly Publisher publisher;
    private readonly StdinChannel stdin;

    /// <summary>Becomes the notebook of all cells of this process.</summary>
    public Notebook(Publisher publisher, StdinChannel stdin)
    {
        (this.publisher, this.stdin) = (publisher, stdin);
        current = this;
        Formatter.SubscribeToDisplayedValues(Show);
    }

    public static Notebook Current =>
        current ?? throw new InvalidOperationException("no kernel runs in this process, so there is no notebook to ask");

    /// <summary>Cancelled when the running cell is interrupted.</summary>
    public CancellationToken Token => CellContext.Current?.Token ?? CancellationToken.None;

    /// <summary>Sends a value that the package has formatted: a new display, or another value for one.</summary>
    public void Show(DisplayedValue displayed)
    {
        var cell = CellContext.Current;
        cell?.ThrowIfInterrupted();
        var id = displayed.IsUpdated ? DisplayIdentity.OfUpdated(displayed) : DisplayIdentity.Of(displayed);
        if (cell is { Silent: true })
            return;

        publisher.Publish(displayed.IsUpdated ? "update_display_data" : "display_data",
            cell?.Request.RawHeader ?? Message.NoParent, new JsonObject
        {
            ["data"] = MimeBundle.From(displayed.Value, displayed.FormattedValues).ToJson(),
            ["metadata"] = new JsonObject(),
            ["transient"] = new JsonObject { ["display_id"] = id },
        });
    }

    /// <summary>Asks the person at the front end, and waits for the answer.</summary>
    public string Ask(string prompt, bool hidden)
    {
        var cell = CellContext.Current ?? throw new InvalidOperationException("input can be asked for only while a cell runs");
        publisher.Flush(all: true);
        return stdin.Ask(cell, prompt, hidden);
    }
}
