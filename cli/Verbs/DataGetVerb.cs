using System.CommandLine;
using Madtp.Kit.Data;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit data get NAME</c>: fetches what may be fetched, and says how to get the rest.</summary>
internal static class DataGetVerb
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = $"One of {string.Join(", ", DataCatalog.Sources.Select(s => s.Name))}." };
        var folder = DataVerb.FolderOption();
        var command = new Command("get", "Fetches a data set or checkpoints; what was begun goes on where it stopped.") { name, folder };
        command.SetAction((result, cancellation) => RunAsync(DataCatalog.Find(result.GetRequiredValue(name)), result.GetRequiredValue(folder), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DataSource source, string folder, CancellationToken cancellation)
    {
        Console.WriteLine($"{source.Title} ({source.Licence}) -> {Path.Combine(folder, source.Folder)}");
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var fetched = await Terminal.Out.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new RemainingTimeColumn())
            .StartAsync(context => new DataFetch(new Download(client)).FetchAsync(source, folder, new Progress(context), cancellation));
        var status = DataStatus.Check(source, folder);
        Console.WriteLine($"{fetched} fetched; {status.Parts.Count(p => p.State == DataState.Complete)} of {status.Parts.Count} parts are there");
        if (status.State != DataState.Complete && source.ByHand is { } hand)
        {
            Console.WriteLine(hand);
        }

        return status.State == DataState.Complete ? 0 : 1;
    }

    private sealed class Progress(ProgressContext context) : IProgress<DataFetchStep>
    {
        private readonly Dictionary<string, ProgressTask> tasks = [];

        public void Report(DataFetchStep value)
        {
            var title = $"{value.Step} {value.File}";
            if (!tasks.TryGetValue(title, out var task))
            {
                tasks[title] = task = context.AddTask(Markup.Escape(title));
            }

            task.IsIndeterminate = value.Total is null;
            task.MaxValue = value.Total ?? Math.Max(value.Done, 1);
            task.Value = value.Done;
        }
    }
}
