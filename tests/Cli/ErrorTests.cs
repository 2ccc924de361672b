using System.CommandLine;
using Madtp.Kit.Cli;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>Every error is one sentence.</summary>
[Collection(AloneCollection.Name)]
public sealed class ErrorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("evaluate nlvr2 --checkpoint x --temperature abc", "--temperature 'abc': give a number above 0")]
    [InlineData("evaluate nlvr2 --checkpoint x --temperature NaN", "--temperature 'NaN': give a number above 0")]
    [InlineData("evaluate nlvr2 --checkpoint x --temperature Infinity", "--temperature 'Infinity': give a number above 0")]
    [InlineData("evaluate nlvr2 --checkpoint x --temperature=-2", "--temperature '-2': give a number above 0")]
    [InlineData("evaluate nlvr2 --checkpoint x --temperature 0,5", "--temperature '0,5': give a number above 0")]
    [InlineData("evaluate toy-clip --keep 1.5", "--keep '1.5': give a number from 0.001 to 1")]
    [InlineData("evaluate toy-nlvr2 --reduce \"\"", "--reduce '': give a number between 0 and 1")]
    [InlineData("evaluate toy-nlvr2 --reduce 1.5", "--reduce '1.5': give a number between 0 and 1")]
    [InlineData("evaluate clip --checkpoint x --image-size 1000000", "--image-size '1000000': give a whole number from 1 to 100000")]
    [InlineData("evaluate clip --checkpoint x --heads 0", "--heads '0': give one number, or two as 16,12")]
    [InlineData("evaluate clip --checkpoint x --activation relu", "--activation 'relu': give quickgelu or gelu")]
    [InlineData("evaluate toy-retrieval --candidates -1", "--candidates '-1': give a whole number, 1 or more")]
    [InlineData("train toy-nlvr2 --epochs 0", "--epochs '0': give a whole number from 1 to 1000000")]
    [InlineData("train toy-nlvr2 --checkpoint-every -1", "--checkpoint-every '-1': give a whole number, 0 or more")]
    [InlineData("train toy-nlvr2 --stop-at NaN", "--stop-at 'NaN': give a number from 0 to 1")]
    [InlineData("train toy-nlvr2 --precision 5", "--precision '5': give auto or float32 or tf32 or bfloat16")]
    [InlineData("train toy-nlvr2 --pairs 2147483644", "--pairs '2147483644': give a whole number from 4 to 1000000")]
    [InlineData("train toy-clip --score test tset", "--score 'tset': give val, test or none")]
    [InlineData("train nlvr2 --checkpoint x --learnable-tokens 0", "--learnable-tokens '0': give a whole number from 1 to 100000")]
    [InlineData("data make-toy --pairs 2147483644", "--pairs '2147483644': give a whole number from 4 to 1000000")]
    [InlineData("experiment --epochs -1", "--epochs '-1': give a whole number from 1 to 1000000")]
    [InlineData("experiment --learnable-tokens 0", "--learnable-tokens '0': give a whole number from 1 to 100000")]
    [InlineData("sweep table2 --jobs 0", "--jobs '0': give a whole number from 1 to 1000")]
    [InlineData("data make-toy --seed -1", "--seed '-1': give a whole number, 0 or more")]
    [InlineData("data make-toy --out \"\"", "--out '': give a folder")]
    [InlineData("train toy-nlvr2 --checkpoint \"\"", "--checkpoint '': give a file")]
    [InlineData("experiment --device cuda:-1", "--device 'cuda:-1': give auto, cpu, cuda or cuda:N")]
    public async Task A_value_out_of_bounds_is_refused_by_the_options_name(string line, string says)
    {
        var (code, _, errors) = await KitProcess.Here([.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(line)]);
        var verb = string.Join(' ', line.Split(' ').TakeWhile(word => !word.StartsWith('-')).Where(word => word != "table2"));
        Assert.Equal((2, $"kit: {says}\nkit: `./kit {verb} --help` shows what there is\n"), (code, errors));
    }

    [Theory]
    [InlineData("evaluate toy-clip --reduce 0.3 --plain", "exclude each other")]
    [InlineData("evaluate toy-clip --resume --fresh", "exclude each other")]
    [InlineData("train toy-clip --resume --fresh", "exclude each other")]
    [InlineData("runs --publish --task toy-clip", "--publish and --task exclude each other")]
    [InlineData("runs --questions --method tome", "--questions and --method exclude each other")]
    [InlineData("evaluate toy-clip --plain --method tome", "--method and --plain exclude each other")]
    [InlineData("evaluate toy-clip --resume", "--resume says nothing without --out")]
    [InlineData("evaluate toy-clip --fresh", "--fresh says nothing without --out")]
    [InlineData("train toy-clip --method tome", "'ToMe' changes nothing where nothing is taken away: give --reduce")]
    [InlineData("sweep table2 --ranks 2", "--ranks says nothing without --index or --slurm")]
    [InlineData("sweep table2 --index 0 --slurm-option=--x", "--slurm-option says nothing without --slurm")]
    [InlineData("macs nosuch", "known are")]
    [InlineData("macs", "name a model")]
    [InlineData("macs blip-nlvr2 --vision-tokens 3,x", "'x' is not a token count")]
    [InlineData("macs blip-nlvr2 --text-length 0", "--text-length '0': give a whole number from 1")]
    [InlineData("macs blip-nlvr2 --text-length few", "few")]
    [InlineData("score caption --results nowhere.json --annotations nowhere.json", "nowhere.json")]
    [InlineData("score vqa --results FILE", "--annotations")]
    [InlineData("tokenize clip --vocab nowhere.txt", "nowhere.txt")]
    [InlineData("data status nosuch", "nosuch")]
    [InlineData("data get nosuch", "nosuch")]
    [InlineData("data make-toy --pairs 3 --out /nowhere/at/all", "4")]
    [InlineData("experiment --method magic", "no method 'magic'")]
    [InlineData("experiment --task magic", "no task 'magic'")]
    [InlineData("experiment --method uncompressed --reduce 0.5", "'Uncompressed' takes nothing away: leave the reduce ratio out")]
    [InlineData("train toy-clip --method uncompressed --reduce 0.5", "'Uncompressed' takes nothing away: leave the reduce ratio out")]
    [InlineData("runs --method magic", "no method 'magic'")]
    [InlineData("runs --task magic", "no task 'magic'; there are toy-nlvr2")]
    [InlineData("sweep table2 --slurm --index 1", "exclude each other")]
    [InlineData("sweep table9", "table2")]
    [InlineData("sweep table2 --index 100000", "the list has the places 0 to")]
    [InlineData("verify /nowhere/at/all", "/nowhere/at/all")]
    public async Task Input_that_cannot_be_used_is_named(string line, string says)
    {
        var run = await KitProcess.Here(line.Split(' '));
        Assert.Equal(2, run.Code);
        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_begins_with_an_at_sign_is_a_text()
    {
        var list = folder.Write("list", "blip-nlvr2");
        Assert.Contains($"no model is named '@{list}'", (await KitProcess.Here("macs", $"@{list}")).Errors, StringComparison.Ordinal);
    }

    // What a shell makes of <(command).
    [Theory]
    [InlineData("checkpoint PIPE")]
    [InlineData("score caption --results PIPE --annotations PIPE")]
    [InlineData("score nlvr2 --predictions PIPE --annotations PIPE")]
    public void A_pipe_in_the_place_of_a_file_that_is_read_twice_is_named(string line)
    {
        var run = KitProcess.Run("dev-1-0-0,True\n", line.Replace("PIPE", "/dev/stdin", StringComparison.Ordinal).Split(' '));
        Assert.Equal((2, "kit: /dev/stdin is a pipe, and this is read from a file alone: write it to one first\n"), (run.Code, run.Errors));
    }

    [Theory]
    [InlineData("--resume")]
    [InlineData("--fresh")]
    public async Task What_no_run_has_left_is_not_deleted(string how)
    {
        var mine = folder.Write("mine.jsonl", "{}\n");
        var (code, _, errors) = await KitProcess.Here("evaluate", "toy-nlvr2", "--pairs", "16", "--out", folder.Path, how);
        Assert.Contains($"kit: {folder.Path} holds mine.jsonl, but no run.json: it is no run's", errors, StringComparison.Ordinal);
        Assert.Equal((2, "{}\n"), (code, File.ReadAllText(mine)));
    }

    [Theory]
    [InlineData("0", "kit: 2 processes were started for what one does alone: leave mpirun or srun out\n", "macs", "blip-nlvr2")]
    [InlineData("0", "kit: 2 processes were started for what one does alone: leave mpirun or srun out\n", "sweep", "table2")]
    [InlineData("1", "", "experiment")]
    public async Task What_is_done_alone_is_not_done_by_several(string rank, string says, params string[] line)
    {
        using var process = KitProcess.Start(line, environment: [("PMI_SIZE", "2"), ("PMI_RANK", rank)]);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((2, says), (process.ExitCode, await errors));
    }

    [Fact]
    public void A_vocabulary_may_come_through_a_pipe() => Assert.Equal(
        "kit: /dev/stdin ends after line 1; CLIP's merges fill 48895\n",
        KitProcess.Run("#version: 0.2\n", ["tokenize", "clip", "--vocab", "/dev/stdin"]).Errors);

    [Theory]
    [InlineData("[{\"methode\": \"ToMe\"}]", "line 1: $[0].methode is not known")]
    [InlineData("[{\"seed\": []}]", "line 1: $[0].seed is of another kind")]
    [InlineData(" ", "line 1: there is nothing in it")]
    public async Task A_grid_that_cannot_be_read_is_told_without_words_of_programs(string content, string says)
    {
        var list = folder.Write("grid.json", content);
        Assert.Equal((2, $"kit: '{list}', {says}\n"), (await KitProcess.Here("sweep", list)) is var run ? (run.Code, run.Errors) : default);
    }

    public static TheoryData<Exception, int, string> Errors => new()
    {
        { new AggregateException(new IOException("No space left on device : 'x'")), 2, "No space left on device : 'x'" },
        { new ArgumentException("5 pairs: give 4", "trainPairs"), 2, "5 pairs: give 4" },
        { new ArgumentOutOfRangeException("count", -1, "a count is positive"), 2, "a count is positive" },
        { new OperationCanceledException("'a' was stopped"), 1, "'a' was stopped" },
        { new OutOfMemoryException(), 1, "the memory does not suffice" },
        { new System.Runtime.InteropServices.ExternalException("CUDA out of memory. Tried to"), 1, "the memory does not suffice (CUDA out of memory. Tried to)" },
        { new System.ComponentModel.Win32Exception(13, "'./kit' cannot be started"), 2, "'./kit' cannot be started" },
        { new KeyNotFoundException("no 'seconds'"), 70, "this is a fault of the kit (KeyNotFoundException: no 'seconds'); please report it" },
        { new NullReferenceException("a\nb"), 70, "this is a fault of the kit (NullReferenceException: a); please report it" },
    };

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public void Whatever_is_thrown_becomes_one_sentence(Exception thrown, int code, string begins)
    {
        var said = CommandLine.Explain(thrown, isInterrupted: false);
        Assert.Equal(code, said.Code);
        Assert.StartsWith(begins, said.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter '", said.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Actual value", said.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupted_verb_says_how_to_go_on() => Assert.Equal(
        130, CommandLine.Explain(new AggregateException(new TaskCanceledException()), isInterrupted: true).Code);

    [Theory]
    [InlineData("--method stp", "STP reduces nothing yet, and {0} has no keep ratio for it (what it holds is MADTP's): give --keep, or --reduce")]
    [InlineData("--method stp --temperature 3", "STP has a keep ratio, not a temperature: give --keep, or --reduce")]
    [InlineData("--keep 0.5", "MADTP has a temperature, not a keep ratio: give --temperature, or --reduce")]
    [InlineData("--weights model_ema", "{0}: there are no weights of this model under 'model_ema'")]
    public async Task A_stored_setting_is_used_only_by_the_method_that_stored_it(string options, string says)
    {
        var weights = KitPaths.InRepository("data", "toy", "weights", "toy-clip-madtp-0.5.safetensors");
        var (code, _, errors) = await KitProcess.Here(["evaluate", "toy-clip", "--images", "60", "--checkpoint", weights, .. options.Split(' ')]);
        Assert.Equal(2, code);
        Assert.Contains($"kit: {string.Format(System.Globalization.CultureInfo.InvariantCulture, says, weights)}\n", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("toy-nlvr2", "give the second one with --right")]
    [InlineData("toy-clip", "leave --right out", "--right", "x.png")]
    [InlineData("toy-nlvr2", "did you mean ToMe?", "--against", "ToMee")]
    [InlineData("toy-clip", "is longer than the 32 positions of this model", "--text", "LONG")]
    [InlineData("toy-vqa", "is no BLIP for NLVR2 or retrieval and no CLIP")]
    [InlineData("none", "there is no such checkpoint file")]
    public async Task A_model_that_a_keep_map_cannot_be_drawn_of_is_told(string weights, string says, params string[] more)
    {
        var (code, _, errors) = await KitProcess.Here(
        [
            "keep-map", "--checkpoint", KitPaths.InRepository("data", "toy", "weights", $"{weights}.safetensors"),
            "--left", KitPaths.Shared("data", "images", "chelsea.png"), "--out", folder.Path,
            .. more.Contains("--text") ? [] : new[] { "--text", "a red circle" },
            .. more.Select(word => word == "LONG" ? string.Join(' ', Enumerable.Repeat("red,circle", 20)) : word),
        ]);
        Assert.Equal(2, code);
        Assert.Contains(says, errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task An_image_whose_attention_fits_no_memory_is_refused_before_memory_is_asked_for()
    {
        var weights = KitPaths.InRepository("data", "toy", "weights", "toy-nlvr2.safetensors");
        folder.Write("vocab.txt", string.Join('\n', File.ReadAllLines(KitPaths.InRepository("data", "toy", "vocab.txt"))));
        var (code, _, errors) = await KitProcess.Here(["evaluate", "nlvr2", "--checkpoint", weights, "--data", folder.Path, "--plain", "--image-size", "40000"]);
        Assert.Equal(2, code);
        Assert.Contains("kit: --image-size 40000: the attention of one image needs", errors, StringComparison.Ordinal);
    }

    // Lines out of the parser's own words with values that people and scripts get wrong. What would compute is only parsed.
    [Fact]
    public async Task Random_command_lines_end_with_a_known_code_and_sentences()
    {
        var random = new Random(20240607);
        string[] files = [folder.Write("garbage", "\0\u001b[2J{,"), folder.Write("list.json", "[{\"a\": \"\\ud800\"}]"), folder.Path, folder.File("none"), ""];
        string[] values =
        [
            "", "0", "-1", "1", "3", "0.5", "1e309", "NaN", "Infinity", "2147483648", "99999999999999999999", "abc", "\u001b[31m", "ü",
            "a b", "--", "-", "=", "0,5", "true", "cuda:-1", "cuda:99", "none", "{0}", "@none", .. files,
        ];
        var root = CommandLine.Root();
        var cheap = 0;
        for (var line = 0; line < 600; line++)
        {
            var words = Line(root);
            var (verb, parsed) = (words.TakeWhile(word => !word.StartsWith('-')).FirstOrDefault() ?? "", root.Parse(words));
            var runs = parsed.Errors.Count > 0
                || (verb is "macs" or "score" or "checkpoint" or "verify" or "completion" or "complete" or "runs" && !words.Contains("--publish"))
                || (verb is "train" or "evaluate" && words.Length > 1 && !words[1].StartsWith("toy-", StringComparison.Ordinal)
                    && words[1] != "decoys-neutral");
            if (!runs)
                continue;

            cheap++;
            var (code, _, errors) = await KitProcess.Here(words);
            var shown = string.Join(" ", words.Select(word => $"'{word}'"));
            Assert.True(code is 0 or 1 or 2, $"{code}: {shown}: {errors}");
            Assert.True(code == 0 || errors.Length > 0, $"{code} without a word: {shown}");
            foreach (var strange in new[] { "System.", "(Parameter", "Actual value", "   at ", "fault of the kit", "\u001b", "Exception" })
            {
                Assert.False(errors.Contains(strange, StringComparison.Ordinal), $"'{strange}' of {shown}: {errors}");
            }
        }

        Assert.InRange(cheap, 300, 600);

        string[] Line(Command command)
        {
            List<string> words = [];
            while (command.Subcommands.Where(one => one.Name is not ("tokenize" or "doctor" or "data" or "sweep" or "experiment")).ToArray() is { Length: > 0 } verbs
                && random.Next(12) > 0)
            {
                command = verbs[random.Next(verbs.Length)];
                words.Add(command.Name);
            }

            foreach (var option in command.Options.Where(option => option.Required && random.Next(8) > 0))
                words.AddRange(option.Name, files[random.Next(files.Length)]);

            foreach (var _ in command.Arguments.Where(_ => random.Next(4) > 0))
                words.Add(Value());

            for (var more = random.Next(4); more > 0 && command.Options.Count > 0; more--)
            {
                var option = command.Options[random.Next(command.Options.Count)];
                words.Add(random.Next(10) == 0 ? option.Name.Remove(random.Next(option.Name.Length), 1) : option.Name);
                if (option.ValueType != typeof(bool) || random.Next(6) == 0)
                    words.Add(Value());
            }

            return [.. words];
        }

        string Value() => values[random.Next(values.Length)];
    }
}
