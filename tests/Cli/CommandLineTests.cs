using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Madtp.Kit.Cli;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

[Collection(AloneCollection.Name)]
public class CommandLineTests
{
    [Fact]
    public void EveryVerbHasExamplesThatParse()
    {
        var root = CommandLine.Root();
        foreach (var verb in All(root).Select(Assert.IsType<Verb>))
        {
            Assert.NotEmpty(verb.Examples);
            Assert.All(verb.Examples.Where(example => !example.StartsWith("source", StringComparison.Ordinal)), example =>
            {
                var words = CommandLineParser.SplitCommandLine(example[example.IndexOf("./kit", StringComparison.Ordinal)..]).ToArray();
                Assert.True(words[0] == "./kit" && root.Parse(words[1..]).Errors.Count == 0, example);
            });
        }
    }

    [Fact]
    public void EveryVerbAndOptionSaysWhatItIs()
    {
        foreach (var verb in All(CommandLine.Root()).Where(verb => !verb.Hidden))
        {
            Assert.False(string.IsNullOrEmpty(verb.Description), verb.Name);
            Assert.All(verb.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), $"{verb.Name} {option.Name}"));
        }
    }

    public static TheoryData<string> Names => [.. CommandLine.Root().Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task HelpEndsWithAnExampleAndABadOptionIsBadInput(string verb)
    {
        var help = await KitProcess.Here(verb, "--help");
        Assert.Equal((0, string.Empty), (help.Code, help.Errors));
        Assert.Contains("Example:\n", help.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        var bad = await KitProcess.Here(verb, "--hlep");
        Assert.Equal((2, string.Empty), (bad.Code, bad.Output));
        Assert.Contains($"`./kit {verb} --help`", bad.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trian", "train")]
    [InlineData("rnu", "run")]
    [InlineData("data sttus", "status")]
    [InlineData("macs --al", "--all")]
    [InlineData("macs blip-nlvr2 --jsn", "--json")]
    [InlineData("score caption --result FILE", "--results")]
    public async Task AMistypedWordIsAskedBack(string line, string meant)
    {
        var run = await KitProcess.Here(line.Split(' '));
        Assert.Equal((2, string.Empty), (run.Code, run.Output));
        Assert.Contains("Did you mean", run.Errors, StringComparison.Ordinal);
        Assert.Contains(meant, run.Errors.Split('\n', StringSplitOptions.TrimEntries));
        Assert.DoesNotContain("equired", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void TheVersionIsTold() => Assert.Matches(@"^\d+\.\d+\.\d+", KitProcess.Run("--version").Output);

    [Theory]
    [InlineData("./kit tr", "train")]
    [InlineData("./kit ru", "run", "runs")]
    [InlineData("./kit data ", "get", "make-toy", "status")]
    [InlineData("./kit macs clip-b", "clip-b16", "clip-b32")]
    [InlineData("./kit experiment --method madtp-", "madtp-paper", "madtp-released")]
    [InlineData("./kit evaluate clip --dataset ", "coco", "flickr30k")]
    [InlineData("./kit evaluate toy-nlvr2 --split ", "dev", "test1")]
    [InlineData("./kit evaluate vqa --split test", "test-dev2015", "test2015")]
    [InlineData("./kit train nlvr2 --score ", "dev", "none", "test1", "test2")]
    [InlineData("./kit keep-map --against tom", "tome")]
    [InlineData("./kit data status to", "toy")]
    [InlineData("./kit sweep table", "table2", "table2-decoys", "table3", "table4", "table5", "table6", "table7")]
    public async Task ALineIsCompleted(string line, params string[] words) =>
        Assert.Equal(words, (await KitProcess.Here("complete", line)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => !word.StartsWith('-')));

    [Fact]
    public void BashCompletesByTheScriptThatIsPrinted()
    {
        using var folder = new TemporaryFolder();
        var kit = folder.Write("kit", "#!/bin/sh\n[ \"$1\" = complete ] && echo \"[$2]\" && echo '[other'\n");
        var script = folder.Write("script", KitProcess.Run("completion").Output + """

            chmod +x "$1"
            COMP_WORDS=("$1" macs "[") COMP_CWORD=2 COMP_LINE="$1 macs [ more" COMP_POINT=$((${#1} + 7))
            _kit && printf '%s\n' "${COMPREPLY[@]}"
            complete -p kit
            """);
        using var bash = Process.Start(new ProcessStartInfo("bash", [script, kit]) { RedirectStandardOutput = true })!;
        var said = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        Assert.Equal([$"[{kit} macs []", "[other", "complete -o default -F _kit kit"], said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static IEnumerable<Command> All(Command root) => root.Subcommands.SelectMany(All).Prepend(root);
}
