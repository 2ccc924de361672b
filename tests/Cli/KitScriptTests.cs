using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>The script itself, where people are: a copy of it that has nothing built.</summary>
[Collection(nameof(KitScriptTests))]
public sealed class KitScriptTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string root;

    public KitScriptTests()
    {
        root = folder.File("a kit of [mine]");
        Directory.CreateDirectory(Path.Combine(root, "setup"));
        foreach (var file in Directory.GetFiles(KitPaths.InRepository("setup")).Append(KitPaths.InRepository("kit")))
            File.Copy(file, Path.Combine(root, Path.GetRelativePath(KitPaths.Root, file)));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_is_called_through_a_link_and_with_spaces_in_its_path()
    {
        var link = folder.File("a link");
        File.CreateSymbolicLink(link, Path.Combine(root, "kit"));
        File.CreateSymbolicLink(folder.File("kit"), "a link");
        foreach (var path in new[] { Path.Combine(root, "kit"), link, folder.File("kit") })
        {
            var (code, output, errors) = OtherProgram.Run("bash", path, "help");
            Assert.Equal((0, ""), (code, errors));
            Assert.Contains("./kit setup` builds it", output);
        }
    }

    [Theory]
    [InlineData("-u", "HOME")]
    [InlineData("HOME=", "IRRELEVANT=")]
    [InlineData("HOME=/nowhere/at/all", "IRRELEVANT=")]
    public void It_needs_no_home(string first, string second)
    {
        var (code, output, errors) = OtherProgram.Run("env", first, second, "bash", Path.Combine(root, "kit"), "help");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("./kit setup` builds it", output);
    }

    [Fact]
    public void What_run_takes_are_the_notebooks_that_there_are()
    {
        var last = Directory.GetFiles(KitPaths.InRepository("notebooks"), "*.ipynb").Max(path => Path.GetFileName(path)[..2]);
        var (code, _, errors) = OtherProgram.Run("bash", Path.Combine(root, "kit"), "run", "all-of-them");
        Assert.Equal(2, code);
        Assert.Contains($"(00 … {last};", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--fresh")]
    [InlineData("test", "--fast")]
    [InlineData("setup", "--cuda")]
    [InlineData("doctor", "what is missing")]
    [InlineData("lab", "Jupyter")]
    [InlineData("pack", "one archive")]
    public void Its_own_verbs_answer_help_and_do_nothing_else(string verb, string says)
    {
        var (code, output, errors) = OtherProgram.Run("bash", Path.Combine(root, "kit"), verb, "--help");
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith($"  ./kit {verb} ", output);
        Assert.Contains(says, output);
        Assert.Single(output.Split('\n'), line => line.StartsWith("  ./kit"));
        Assert.False(Directory.Exists(Path.Combine(root, "artifacts")));
    }

    [Theory]
    [InlineData("pack", "--fast")]
    [InlineData("doctor", "all")]
    public void What_a_verb_does_not_take_is_refused(string verb, string argument)
    {
        var (code, _, errors) = OtherProgram.Run("bash", Path.Combine(root, "kit"), verb, argument);
        Assert.Equal(2, code);
        Assert.Equal($"kit: {verb} takes nothing, not '{argument}'.\n", errors);
    }

    [Fact]
    public void A_home_that_cannot_be_written_to_is_read_and_another_written_to()
    {
        const string script = """
            set -euo pipefail
            fail() { echo "$*"; exit 2; }
            root=$1 artifacts=$1/artifacts
            . "$root/setup/home.sh"
            echo "$users_home $HOME $DOTNET_CLI_HOME"
            """;
        Assert.Equal($"/nowhere/at/all {root}/artifacts/home {root}/artifacts/home\n",
            OtherProgram.Run("env", "HOME=/nowhere/at/all", "bash", "-c", script, "bash", root).Output);
    }

    [Fact]
    public void A_folder_whose_name_would_end_a_list_is_refused()
    {
        var other = folder.File("a:b");
        Directory.Move(root, other);
        var (code, _, errors) = OtherProgram.Run("bash", Path.Combine(other, "kit"), "help");
        Assert.Equal(2, code);
        Assert.Equal($"kit: the folder '{other}' has a colon or a semicolon in its name, at which lists of folders end; rename or move it.\n", errors);
    }

    [Fact]
    public void A_folder_in_which_nothing_can_be_built_is_refused()
    {
        var other = folder.File("it's mine");
        Directory.Move(root, other);
        var (code, _, errors) = OtherProgram.Run("bash", Path.Combine(other, "kit"), "help");
        Assert.Equal(2, code);
        Assert.Equal($"kit: the folder \"{other}\" has an apostrophe in its name, with which nothing can be built; rename or move it.\n", errors);
    }

    // The root has signs in its name that a pattern has.
    [Fact]
    public void Notebooks_are_found_by_their_numbers()
    {
        Directory.CreateDirectory(Path.Combine(root, "notebooks", "solutions"));
        File.WriteAllText(Path.Combine(root, "notebooks", "05-table.ipynb"), "");
        File.WriteAllText(Path.Combine(root, "notebooks", "solutions", "05-table.ipynb"), "");
        var (code, _, errors) = OtherProgram.Run("bash", Path.Combine(root, "kit"), "run", "5", "solutions/05", "99");
        Assert.Equal((2, "kit: no notebook begins with 99- in notebooks/.\n"), (code, errors));
    }

    // A notebook's kernel runs in notebooks/, a verb where it is called.
    [Fact]
    public void Folders_that_variables_name_are_the_same_wherever_something_runs()
    {
        const string script = "trap 'echo \"$KIT_DATA:${KIT_RESULTS-none}:$KIT_LIBTORCH\" >&2' EXIT; . \"$1\" help";
        var (_, _, errors) = OtherProgram.Run(
            "env", "-C", folder.Path, "KIT_DATA=my data", "KIT_LIBTORCH=/torch", "bash", "-c", script, "bash", Path.Combine(root, "kit"));
        Assert.Equal($"{folder.File("my data")}:none:/torch\n", errors);
    }

    [Fact]
    public void A_clone_of_another_user_is_not_built_in()
    {
        OtherProgram.Run("chmod", "-R", "a-w,a+rX", root);
        OtherProgram.Run("chmod", "a+x", folder.Path);
        string[] asOther = Environment.UserName == "root" ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : ["env"];
        var (code, _, errors) = OtherProgram.Run([.. asOther, "bash", Path.Combine(root, "kit"), "setup"]);
        OtherProgram.Run("chmod", "-R", "u+w", root);
        Assert.Equal(2, code);
        Assert.StartsWith($"kit: '{root}' cannot be written to by ", errors);
        Assert.Contains("a copy of your own", errors);
    }

    // The compiler's server stays for ten minutes: who comes next must not wait for it.
    [Fact]
    public void What_a_build_leaves_running_does_not_hold_the_lock()
    {
        var left = folder.File("left");
        Directory.CreateDirectory(folder.File("bin"));
        folder.Write("bin/dotnet", $$"""
            #!/bin/sh
            case "$1" in
                --list-sdks) echo '10.0.100 [/nowhere]' ;;
                build) sleep 60 & echo $! >'{{left}}'; echo 'error CS0000: nothing compiles here'; exit 1 ;;
            esac
            """);
        OtherProgram.Run("chmod", "a+x", folder.File("bin/dotnet"));
        var path = $"PATH={folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        var (code, _, errors) = OtherProgram.Run("env", path, "bash", Path.Combine(root, "kit"), "macs", "blip-nlvr2");
        try
        {
            Assert.Equal(1, code);
            Assert.Contains("nothing compiles here", errors);
            Assert.Equal(0, OtherProgram.Run("flock", "--nonblock", Path.Combine(root, "artifacts", "kit.lock"), "true").Code);
        }
        finally
        {
            OtherProgram.Run("kill", File.ReadAllText(left).Trim());
        }
    }
}
