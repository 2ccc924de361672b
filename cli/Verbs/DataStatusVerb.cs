using System.CommandLine;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit data status</c>: what is there of each data set.</summary>
internal static class DataStatusVerb
{
    public static Command Create()
    {
        var folder = DataVerb.FolderOption();
        var verify = new Option<bool>("--verify") { Description = "Compute checksums too." };
        var name = new Argument<string?>("name") { Description = "One data set, with every file; all in one line each if left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Shows what is there of each data set and checkpoint.") { name, folder, verify };
        command.SetAction(result =>
        {
            var root = result.GetRequiredValue(folder);
            if (result.GetValue(name) is { } one)
            {
                Show(DataStatus.Check(DataCatalog.Find(one), root, result.GetValue(verify)));
            }
            else
            {
                Terminal.Out.Write(All(root, result.GetValue(verify)));
            }

            return 0;
        });
        return command;
    }

    private static Table All(string root, bool verify)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("name", "what", "state", "there", "folder");
        var toy = Path.Combine(root, "toy");
        var made = (ToyWorld.Find(toy) is null ? 0 : 1) + (ToyPictureWorld.Find(toy) is null ? 0 : 1);
        table.AddRow("toy", "The toy world (./kit data make-toy)", Colored((DataState)made), $"{made} of 2", Markup.Escape(toy));
        foreach (var status in DataCatalog.Sources.Select(s => DataStatus.Check(s, root, verify)))
        {
            var there = $"{status.Parts.Count(p => p.State == DataState.Complete)} of {status.Parts.Count}";
            table.AddRow(status.Source.Name, Markup.Escape(status.Source.Title), Colored(status.State), there, Markup.Escape(Path.Combine(root, status.Source.Folder)));
        }

        return table;
    }

    private static void Show(DataStatus status)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("part", "state", "detail");
        foreach (var part in status.Parts)
        {
            table.AddRow(Markup.Escape(part.What), Colored(part.State), Markup.Escape(part.Detail));
        }

        Terminal.Out.Write(table);
        if (status.State != DataState.Complete && status.Source.ByHand is { } hand)
        {
            Console.WriteLine(hand);
        }
    }

    private static string Colored(DataState state) => state switch
    {
        DataState.Complete => "[green]complete[/]",
        DataState.Partial => "[yellow]partial[/]",
        _ => "[grey]absent[/]",
    };
}
