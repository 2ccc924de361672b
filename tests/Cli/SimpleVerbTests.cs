using System.Text.Json;
using Madtp.Kit.Cost;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>Verbs that answer at once: what they print, and what they say of input that they cannot use.</summary>
[Collection(AloneCollection.Name)]
public sealed class SimpleVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // ---------------------------------------------------------------- macs

    [Fact]
    public async Task MapsOfModulesSumToTheirFigures()
    {
        int[] counts = [462, 369, 333, 310, 270, 267, 258, 251, 249, 242, 241, 223];
        var root = (await KitProcess.Here("macs", "blip-nlvr2", "--vision-tokens", string.Join(',', counts), "--json")).Json;
        var vqa = (await KitProcess.Here("macs", "blip-vqa", "blip-vqa", "--json")).Json.GetProperty("blip-vqa"); // once
        var nlvr2 = root.GetProperty("blip-nlvr2");
        foreach (var model in new[] { nlvr2, vqa })
        {
            Assert.Equal(Number(model, "paper"), Sum(model, "modules"));
            Assert.Equal(Number(model, "paper_with_mag"), Sum(model, "modules") + Sum(model, "mag_modules"));
            Assert.Equal(Number(model, "deploy"), Sum(model, "deploy_modules"));
        }

        var pruned = nlvr2.GetProperty("pruned");
        Assert.Equal(MacLedger.For("blip-nlvr2").WithTokens(new([counts], null), ReductionPolicy.Fixed).Total(Accounting.Paper), Number(pruned, "paper"));
        Assert.Equal(Number(pruned, "paper"), Sum(pruned, "modules"));
        Assert.False(vqa.TryGetProperty("pruned", out _));
    }

    [Fact]
    public void ATableHasTheSameFigures()
    {
        var run = KitProcess.Run("macs", "blip-nlvr2", "blip-vqa");
        Assert.Equal((0, string.Empty), (run.Code, run.Errors));
        Assert.Contains(MacLedger.For("blip-nlvr2").Total(Accounting.Paper).ToString("N0"), run.Output, StringComparison.Ordinal);
    }

    // ---------------------------------------------------------------- evaluate

    // The weights that MADTP was tuned with for a ratio are not a rival's.
    [Fact]
    public async Task ToyWeightsAreScoredWithAnyMethod()
    {
        async Task<double> Share(params string[] options) => Value((await KitProcess.Here(
            ["evaluate", "toy-nlvr2", "--pairs", "16", "--reduce", "0.5", "--calibration", "8", "--json", .. options])).Json, "temperature");
        var rival = await KitProcess.Here("evaluate", "toy-nlvr2", "--pairs", "16", "--reduce", "0.5", "--calibration", "8", "--method", "ToMe", "--json");
        Assert.InRange(rival.Json.GetProperty("keep_ratio").GetDouble(), 0.02, 1);
        Assert.Equal(await Share(), await Share("--method", "madtp"));
    }

    // ---------------------------------------------------------------- score

    [Fact]
    public async Task Nlvr2IsScoredFromItsFiles()
    {
        var scores = await Score(
            "nlvr2", "--predictions", folder.Write("p.csv", "dev-1-0-0,True\ndev-1-1-0,True\n"),
            "--annotations", folder.Write("a.json", """
                {"identifier": "dev-1-0-0", "label": "True"}
                {"identifier": "dev-1-1-0", "label": "False"}
                """));
        Assert.Equal((0.5, 0, 2, 1), (Value(scores, "accuracy"), Value(scores, "consistency"), Number(scores, "n"), Number(scores, "sentences")));
    }

    [Fact]
    public async Task CaptionsAreScoredUnderTheFieldsNames()
    {
        var scores = await Score(
            "caption", "--results", folder.Write("r.json", """[{"image_id": 1, "caption": "A dog runs."}]"""),
            "--annotations",
            folder.Write("a.json", """{"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a dog runs"}]}"""), "--per-image");
        Assert.Equal(1, Value(scores, "Bleu_3"), 6);
        Assert.Equal(1, Value(scores, "ROUGE_L"), 6);
        Assert.Equal(JsonValueKind.Null, scores.GetProperty("METEOR").ValueKind);
        Assert.Equal(1, Number(scores.GetProperty("per_image")[0], "image_id"));
    }

    [Fact]
    public async Task VqaAndRetrievalAreScoredFromTheirFiles()
    {
        var annotations = folder.Write("a.json", """
            {"annotations": [{"question_id": 5, "question_type": "what", "answer_type": "other",
             "answers": [{"answer": "a dog", "answer_id": 1}, {"answer": "dog", "answer_id": 2}]}]}
            """);
        var vqa = await Score("vqa", "--results", folder.Write("r.json", """[{"question_id": 5, "answer": "dog"}]"""), "--annotations", annotations);
        Assert.Equal((33.33, 33.33), (Value(vqa, "overall"), Value(vqa.GetProperty("perAnswerType"), "other")));
        var retrieval = await Score(
            "retrieval", "--scores", folder.Write("s.json", "[[1, 0]]"),
            "--annotations", folder.Write("c.json", """[{"image": "x", "caption": ["a", "b"]}]"""));
        Assert.Equal(100, Value(retrieval, "r_mean"));
    }

    // ---------------------------------------------------------------- tokenize, data, runs, doctor

    [Fact]
    public void StringsBecomeIdsLineByLine()
    {
        var vocabulary = folder.Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ndog\n");
        var run = KitProcess.Run("\"a dog\"\n\"dog\"\n", ["tokenize", "bert", "--vocab", vocabulary]);
        Assert.True(run.Code == 0, run.Errors);
        Assert.Equal("[5,6]\n[6]\n", run.Output);
        Assert.Equal(2, KitProcess.Run("a dog\n", ["tokenize", "bert", "--vocab", vocabulary]).Code);
        // A byte order mark, half a surrogate pair and a whole one, an escaped backslash: what is no word to it is [UNK] or nothing.
        var odd = KitProcess.Run("\uFEFF\"a \\ud83d dog\"\n\"\\ud83d\\ude00 \\\\ud83d\"\n\"\\ude00dog\"\n\"\\\\ud83d\\ude00\"\n", ["tokenize", "bert", "--vocab", vocabulary]);
        Assert.Equal((0, 4), (odd.Code, odd.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.StartsWith(run.Output.Split('\n')[0], odd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheToyWorldIsDrawnOnceAndFound()
    {
        var toy = Path.Combine(folder.Path, "toy");
        string[] make = ["data", "make-toy", "--out", toy, "--pairs", "24", "--images", "60"];
        var run = await KitProcess.Here(make);
        Assert.True(run.Code == 0, run.Errors);
        Assert.Contains("made ", run.Output, StringComparison.Ordinal);
        Assert.Contains("already there:", (await KitProcess.Here(make)).Output, StringComparison.Ordinal);
        var status = await KitProcess.Here("data", "status", "--data", folder.Path);
        Assert.True(status.Code == 0, status.Errors);
        Assert.Contains("2 of 2", status.Output, StringComparison.Ordinal);
        var alone = await KitProcess.Here("data", "status", "toy", "--data", folder.Path);
        Assert.Equal((0, true, false), (alone.Code, alone.Output.Contains("2 of 2"), alone.Output.Contains("flickr30k")));
        Assert.Equal(0, (await KitProcess.Here("data", "status", "nlvr2", "--data", folder.Path)).Code);
    }

    [Fact]
    public async Task ResultsAreListedByMethodHoweverItIsWritten()
    {
        var run = await KitProcess.Here("runs", "--task", "toy-nlvr2", "--method", "w-o-mag");
        Assert.True(run.Code == 0, run.Errors);
        Assert.Contains("w/o MAG", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("STP", run.Output, StringComparison.Ordinal);
        Assert.Equal(run.Output, (await KitProcess.Here("runs", "--task", "toy-nlvr2", "--method", "W/O MAG")).Output);
    }

    [Fact]
    public async Task ATableIsNotCut()
    {
        var data = folder.File(string.Join('/', Enumerable.Repeat("a folder with a long name", 12)));
        Assert.Contains(data, (await KitProcess.Here("data", "status", "toy", "--data", data)).Output, StringComparison.Ordinal);
        var rows = (await KitProcess.Here("runs", "--task", "toy-nlvr2", "--method", "stp")).Output.TrimEnd().Split('\n');
        Assert.EndsWith("  strength               key", rows[0], StringComparison.Ordinal);
        Assert.All(rows[1..], row => Assert.Matches("^toy-nlvr2  STP  .* [0-9a-f]{16}$", row));
    }

    [Fact]
    public void ItWorksInItsOwnFolderWhereverItIsCalled()
    {
        folder.Write("Madtp.Kit.csproj", "");
        var run = OtherProgram.Run("env", "-C", folder.Path, DotnetHost.Path, typeof(Kit.Cli.CommandLine).Assembly.Location, "runs", "--task", "toy-nlvr2");
        Assert.Contains("STP", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDoctorNamesWhatComputes()
    {
        var run = KitProcess.Run("doctor");
        Assert.True(run.Code == 0, run.Errors);
        Assert.Contains("TorchSharp", run.Output, StringComparison.Ordinal);
    }

    // ---------------------------------------------------------------- verify

    [Fact]
    public async Task OneFolderIsVerified()
    {
        var golden = KitPaths.InRepository("tests", "golden", "clip_tiny-11");
        var run = await KitProcess.Here("verify", golden, "--device", "cpu");
        Assert.True(run.Code == 0, run.Errors);
        Assert.Contains("0 differ, 0 of 1 folders unreadable", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await KitProcess.Here("verify", folder.Path)).Code);
    }

    private static async Task<JsonElement> Score(params string[] arguments) =>
        (await KitProcess.Here(["score", .. arguments, "--json"])).Json;

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static double Value(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static long Sum(JsonElement model, string modules) =>
        model.GetProperty(modules).EnumerateObject().Sum(module => module.Value.GetInt64());
}
