using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Madtp.Kit.Tests.Runtime;
using Xunit;
using IO = System.IO;

namespace Madtp.Kit.Tests;

/// <summary>
/// One short training and its score per task and method, run through the verbs, must come to what <c>tests/frozen.json</c> has of
/// it: weights, loss, scores, temperature, multiply-accumulates. <c>KIT_FREEZE=1</c> writes that file anew.
/// <c>KIT_FROZEN_EXACT=1</c> asks for equality to the bit, which only the machine that wrote it can give.
/// <c>KIT_FROZEN_ONLY=nlvr2</c> runs the cases whose names have that in them, and leaves the others.
/// </summary>
[Trait("speed", "slow")]
[Collection(nameof(FrozenTests))]
public sealed class FrozenTests(FrozenTests.Runs runs) : IClassFixture<FrozenTests.Runs>
{
    // Another machine rounds otherwise, and a training amplifies it: of weights and loss, relative.
    private const double WeightTolerance = 1e-4, LossTolerance = 2e-3, TemperatureTolerance = 1e-3;

    private const int Shares = 2;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // A run's other files: where it goes on from, and what UPop trains again.
    private static readonly string[] NotTrained =
        ["checkpoint.safetensors", "checkpoint.previous.safetensors", "extracted.safetensors"];

    private static readonly string File = KitPaths.InRepository("tests", "frozen.json");

    // {data} is a small toy world in the real files, {kit} the weights that come with the kit, {out} the case's own folder,
    // {weights} what its training wrote, {list} the file of its experiment.
    private static readonly Case[] Cases =
    [
        .. new[] { "nlvr2", "clip", "retrieval", "caption", "vqa" }.SelectMany(task => new[]
        {
            Real(task, null), Real(task, "madtp"), Toy(task, null), Toy(task, "madtp"),
        }),
        .. new[]
        {
            "madtp-paper", "STP", "EViT", "ToMe", "CrossGET-style", "Random", "TIS only S_self", "TIS only S_token",
            "TIS only S_cls", "max-keep", "mean-keep", "softmax threshold", "drop", "EViT (images only)", "madtp-released",
        }.Select(method => Real("nlvr2", method)),
        Real("nlvr2", "madtp", reduces: false), Real("clip", "Random"), Real("clip", "w/o MAG"), Real("vqa", "w/o DTP"),
        Real("retrieval", "CrossGET-style"), Real("retrieval", "STP"), Real("caption", "EViT"), Real("vqa", "ToMe"),
        Toy("nlvr2", "upop"), Real("clip", "UPop"), Real("retrieval", "UPop"), Real("caption", "UPop"), Real("vqa", "UPop"),
        Experiment("toy-nlvr2", "STP", 0.4), Experiment("toy-clip", "Uncompressed", 0), Experiment("toy-caption", "UPop", 0.4),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_training_comes_to_what_it_came_to(string name)
    {
        Assert.SkipUnless(IsWanted(name), "not among those that KIT_FROZEN_ONLY names");
        var differences = runs.Differences(name);
        Assert.True(differences.Length == 0, differences);
    }

    // What the comparison would miss if it were blind: one weight of many, one multiply-accumulate, another temperature.
    [Fact]
    public void Another_result_is_told()
    {
        var weights = new Weights(2, 1000, 52.5, 0.7, 1.9, "a");
        var one = new Frozen(weights, 0.5, 32, new() { ["accuracy"] = 0.75 }, 3.5, 1000, 2000);
        Assert.Equal("", Differences(one, one with { Weights = weights with { Sha256 = "b" }, Loss = 0.50001 }, exact: false));
        Assert.Contains("sha256", Differences(one, one with { Weights = weights with { Sha256 = "b" } }, exact: true));
        Assert.Contains("projection", Differences(one, one with { Weights = weights with { Projection = 0.71 } }, exact: false));
        Assert.Contains("sum", Differences(one, one with { Weights = weights with { Sum = 52.51 } }, exact: false));
        Assert.Contains("accuracy", Differences(one, one with { Scores = new() { ["accuracy"] = 0.6875 } }, exact: false));
        Assert.Contains("temperature", Differences(one, one with { Temperature = null }, exact: false));
        Assert.Contains("macs", Differences(one, one with { Macs = 1001 }, exact: false));
        Assert.Contains("macs", Differences(one, one with { Macs = 1001 }, exact: false, byChance: true));
        Assert.Equal("", Differences(one, one with { Loss = 0.6 }, exact: false, byChance: true));
    }

    private static bool IsWanted(string name) =>
        name.Contains(Environment.GetEnvironmentVariable("KIT_FROZEN_ONLY") ?? "", StringComparison.OrdinalIgnoreCase);

    private static Case Real(string task, string? method, bool reduces = true)
    {
        var budget = method is null ? "" : $"--method|{method}|{(reduces ? "--reduce|0.5|" : "")}";
        var small = task == "nlvr2" ? "--examples|16" : "--examples|32|--watch|8|--calibration|16|--workers|1";
        var train = $"train|{task}|--checkpoint|{{kit}}/toy-{task}.safetensors|--data|{{data}}|{budget}{small}"
            + "|--epochs|1|--batch-size|8|--learning-rate|1e-3|--learnable-tokens|16|--alignment-width|16|--seed|3|--score|none"
            + "|--out|{out}/run";
        // MADTP leaves its temperature in the weights; of others it is found again.
        var again = method is null or "madtp" or "UPop" ? "" : $"{budget}--calibration|16|";
        var evaluate = $"evaluate|{task}|--checkpoint|{{weights}}|--data|{{data}}|{again}--limit|30|--out|{{out}}/scores|--json";
        return new($"{task} {method ?? "plain"}{(reduces ? "" : ", nothing reduced")}", [train, evaluate]);
    }

    // The kit's own recipes, from random weights where nothing is reduced.
    private static Case Toy(string task, string? method)
    {
        var budget = (task, method) switch
        {
            (_, null) => "",
            (_, "upop") => "--method|upop|--reduce|0.5|",
            _ => "--reduce|0.5|--calibration|16|",
        };
        var small = task == "nlvr2" ? "--pairs|96" : "--images|60";
        var train = $"train|toy-{task}|{budget}{small}|--epochs|1|--batch-size|32|--seed|3|--score|none|--out|{{out}}/run";
        return new($"toy-{task} {method ?? "plain"}",
            [train, $"evaluate|{task}|--checkpoint|{{weights}}|--data|{{data}}|--limit|30|--out|{{out}}/scores|--json"]);
    }

    private static Case Experiment(string task, string method, double reduce)
    {
        var list = $$"""
            [{"task": "{{task}}", "method": "{{method}}", "reduce_ratio": {{reduce}}, "seed": 3, "train_examples": 80}]
            """;
        return new($"experiment {task} {method}", ["sweep|{list}|--index|0|--cache|{out}/cache|--runs|{out}/runs"], list);
    }

    // Random pruning draws by a hash of the tokens' last digits, so that each machine draws others: only the counts are the same.
    private static string Differences(Frozen was, Frozen now, bool exact, bool byChance = false)
    {
        var told = new List<string>();
        void Number(string name, double? before, double? after, double tolerance)
        {
            tolerance = byChance && tolerance > 0 ? double.PositiveInfinity : tolerance;
            var same = before is null ? after is null : Math.Abs(after - before ?? double.NaN) <= (exact ? 0 : tolerance);
            if (!same)
                told.Add(FormattableString.Invariant($"{name} was {before}, is {after}"));
        }

        var (left, right) = (was.Weights, now.Weights);
        Number("weights: tensors", left?.Tensors, right?.Tensors, 0);
        Number("weights: elements", left?.Elements, right?.Elements, 0);
        Number("weights: sum of |w|", left?.Sum, right?.Sum, WeightTolerance * left?.Sum ?? 0);
        Number("weights: projection", left?.Projection, right?.Projection, WeightTolerance * left?.Norm ?? 0);
        Number("weights: norm", left?.Norm, right?.Norm, WeightTolerance * left?.Norm ?? 0);
        if (exact && left?.Sha256 != right?.Sha256)
            told.Add("weights: sha256 differs");

        Number("loss", was.Loss, now.Loss, LossTolerance * was.Loss ?? 0);
        Number("examples", was.Examples, now.Examples, 0);
        foreach (var name in was.Scores.Keys.Union(now.Scores.Keys))
        {
            // Within one example; recalls and accuracies of some tasks are percent.
            double? before = was.Scores.TryGetValue(name, out var a) ? a : null;
            double? after = now.Scores.TryGetValue(name, out var b) ? b : null;
            Number(name, before, after, (was.Scores.Values.Max() > 10 ? 100.0 : 1.0) / (was.Examples + 1));
        }

        Number("temperature", was.Temperature, now.Temperature, TemperatureTolerance * was.Temperature ?? 0);
        // Means of whole numbers, added up in whatever order.
        Number("macs", Math.Round(was.Macs, 3), Math.Round(now.Macs, 3), 0);
        Number("plain macs", Math.Round(was.PlainMacs, 3), Math.Round(now.PlainMacs, 3), 0);
        return string.Join("; ", told);
    }

    /// <summary>Commands, their parts set apart by <c>|</c>; the last one's answer, or its file of results, is frozen.</summary>
    private sealed record Case(string Name, string[] Commands, string? Experiment = null);

    /// <summary>What a training came to, as the verbs tell it. Examples are those scored, 200 where they do not say.</summary>
    private sealed record Frozen(
        Weights? Weights, double? Loss, int Examples, Dictionary<string, double> Scores, double? Temperature, double Macs,
        double PlainMacs);

    /// <summary>All of a file's weights, by name, in a few numbers; their projection is on signs drawn by a fixed seed.</summary>
    private sealed record Weights(int Tensors, long Elements, double Sum, double Projection, double Norm, string Sha256)
    {
        public static Weights Of(string path)
        {
            var bytes = IO.File.ReadAllBytes(path);
            var data = 8 + (int)BitConverter.ToInt64(bytes);
            var header = JsonNode.Parse(bytes.AsSpan(8, data - 8))!.AsObject();
            header.Remove("__metadata__");
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var (signs, elements, sum, projection, squares) = (new Random(11), 0L, 0.0, 0.0, 0.0);
            foreach (var (name, entry) in header.OrderBy(each => each.Key, StringComparer.Ordinal))
            {
                var (begin, end) = ((int)entry!["data_offsets"]![0]!, (int)entry["data_offsets"]![1]!);
                var content = bytes.AsSpan(data + begin, end - begin);
                digest.AppendData(Encoding.UTF8.GetBytes($"{name} {entry["dtype"]} {entry["shape"]!.ToJsonString()}\n"));
                digest.AppendData(content);
                elements += entry["shape"]!.AsArray().Aggregate(1L, (product, size) => product * (long)size!);
                if ((string)entry["dtype"]! == "F32")
                {
                    foreach (var value in MemoryMarshal.Cast<byte, float>(content))
                    {
                        sum += Math.Abs(value);
                        projection += signs.Next(2) == 0 ? value : -value;
                        squares += (double)value * value;
                    }
                }
            }

            var hash = Convert.ToHexStringLower(digest.GetHashAndReset());
            return new(header.Count, elements, sum, projection, Math.Sqrt(squares), hash);
        }
    }

    /// <summary>Every case run once, in two processes that each run half of them: a process for every verb begins 90 times.</summary>
    public sealed class Runs : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly Dictionary<string, Frozen> results = [];
        private readonly Dictionary<string, string> failures = [];
        private readonly Dictionary<string, Frozen> frozen;

        public Runs()
        {
            Assert.Equal(0, Tests.Cli.KitProcess.Run(
                "data", "make-toy", "--out", folder.File("data"), "--pairs", "192", "--images", "200", "--seed", "5").Code);
            Parallel.For(0, Shares, share =>
            {
                ChildTest.Passes(typeof(FrozenShare), nameof(FrozenShare.Runs), TimeSpan.FromMinutes(10), new()
                {
                    [FrozenShare.Variable] = $"{share} {folder.Path}", ["OMP_NUM_THREADS"] = "1", ["OMP_WAIT_POLICY"] = "PASSIVE",
                });
            });
            foreach (var (name, outcome) in Enumerable.Range(0, Shares).SelectMany(share =>
                JsonSerializer.Deserialize<Dictionary<string, Outcome>>(IO.File.ReadAllText(folder.File($"{share}.json")), Json)!))
            {
                if (outcome.Result is { } result)
                    results[name] = result;
                else
                    failures[name] = outcome.Failure!;
            }

            var kept = IO.File.Exists(File) ? IO.File.ReadAllText(File) : "{}";
            frozen = JsonSerializer.Deserialize<Dictionary<string, Frozen>>(kept, Json)!;
            if (Environment.GetEnvironmentVariable("KIT_FREEZE") == "1")
            {
                frozen = Cases.Select(each => each.Name)
                    .Select(name => (Name: name, Result: results.GetValueOrDefault(name) ?? frozen.GetValueOrDefault(name)))
                    .Where(each => each.Result is not null).ToDictionary(each => each.Name, each => each.Result!);
                IO.File.WriteAllText(File, JsonSerializer.Serialize(frozen, Json) + "\n");
            }
        }

        public string Differences(string name)
        {
            if (failures.TryGetValue(name, out var failure))
                return failure;

            var exact = Environment.GetEnvironmentVariable("KIT_FROZEN_EXACT") == "1";
            var byChance = name.EndsWith("Random", StringComparison.Ordinal);
            return frozen.TryGetValue(name, out var was)
                ? FrozenTests.Differences(was, results[name], exact, byChance)
                : "nothing is frozen of it: KIT_FREEZE=1 writes tests/frozen.json";
        }

        public void Dispose() => folder.Dispose();
    }

    /// <summary>What a case came to, or why it came to nothing.</summary>
    private sealed record Outcome(Frozen? Result, string? Failure);

    /// <summary>A share of the cases, run in the working folder, where their data is; leaves what they came to in a file.</summary>
    internal static async Task RunShare(int share)
    {
        var outcomes = new Dictionary<string, Outcome>();
        foreach (var (number, each) in Cases.Where(each => IsWanted(each.Name)).Index())
        {
            if (number % Shares == share)
            {
                try
                {
                    outcomes[each.Name] = new(await Run(each), null);
                }
                catch (Exception failed) when (failed is InvalidOperationException or JsonException or IOException)
                {
                    outcomes[each.Name] = new(null, failed.Message);
                }
            }
        }

        IO.File.WriteAllText($"{share}.json", JsonSerializer.Serialize(outcomes, Json));
    }

    private static async Task<Frozen> Run(Case one)
    {
        var own = Directory.CreateDirectory(IO.Path.GetFullPath(one.Name.Replace('/', '-').Replace(' ', '-'))).FullName;
        var run = IO.Path.Combine(own, "run");
        string? weights = null;
        var parts = new Dictionary<string, string>
        {
            ["out"] = own, ["data"] = IO.Path.GetFullPath("data"), ["kit"] = KitPaths.InRepository("data", "toy", "weights"),
        };
        if (one.Experiment is { } experiment)
        {
            parts["list"] = IO.Path.Combine(own, "list.json");
            IO.File.WriteAllText(parts["list"], experiment);
        }

        var answer = "";
        foreach (var command in one.Commands)
        {
            string[] arguments = [.. command.Split('|').Select(argument => parts.Aggregate(
                argument, (text, part) => text.Replace($"{{{part.Key}}}", part.Value, StringComparison.Ordinal)))];
            var done = await Tests.Cli.KitProcess.Here(arguments);
            answer = done.Code == 0 ? done.Output : throw new InvalidOperationException(
                $"'{string.Join(' ', arguments)}' ended with {done.Code}: {done.Output}{done.Errors}");
            if (weights is null && Directory.Exists(run))
            {
                weights = Directory.GetFiles(run, "*.safetensors").Single(file => !NotTrained.Contains(IO.Path.GetFileName(file)));
                parts["weights"] = weights;
            }
        }

        if (one.Experiment is not null)
        {
            answer = IO.File.ReadAllText(Directory.GetFiles(IO.Path.Combine(own, "cache"), "*.json").Single());
            return Read(JsonNode.Parse(answer)!, null, null);
        }

        var log = Directory.GetFiles(run, "log.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        var loss = (double?)JsonNode.Parse(IO.File.ReadLines(log).Last())!["loss"];
        return Read(JsonNode.Parse(answer)!, Weights.Of(weights!), loss);
    }

    // An evaluation's answer or an experiment's result.
    private static Frozen Read(JsonNode answer, Weights? weights, double? loss)
    {
        var scores = answer["scores"]!.AsObject().ToDictionary(each => each.Key, each => (double)each.Value!);
        foreach (var split in new[] { "dev", "test" })
        {
            if (answer[split] is { } score)
                scores[split] = (double)score;
        }

        var temperature = answer["temperature"] ?? answer["keep_ratio"] ?? answer["strength"];
        var plain = answer["plain_macs"] ?? answer["dense_macs"];
        var examples = (int?)answer["examples"] ?? 200;
        return new(weights, loss, examples, scores, (double?)temperature, (double)answer["macs"]!, (double)plain!);
    }
}

/// <summary>What a process of <see cref="FrozenTests"/> runs.</summary>
public sealed class FrozenShare
{
    public const string Variable = "KIT_FROZEN_SHARE";

    [Fact(Explicit = true)]
    public Task Runs()
    {
        var asked = Environment.GetEnvironmentVariable(Variable)!.Split(' ');
        Environment.CurrentDirectory = asked[1];
        return FrozenTests.RunShare(int.Parse(asked[0], CultureInfo.InvariantCulture));
    }
}
