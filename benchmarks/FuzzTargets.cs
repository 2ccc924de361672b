using System.Reflection;
using System.Text;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Experiments;
using Madtp.Kit.Kernel.Wire;
using Madtp.Kit.Metrics;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using Madtp.Kit.Training;
using SkiaSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>What the fuzz reads: sound inputs of every kind, how they are damaged, and the call that reads them.</summary>
internal sealed class FuzzTargets : IDisposable
{
    /// <summary>What the name of every input's file begins with.</summary>
    public const string Mark = "input.";

    private const int LargestTensor = 1 << 20;
    private static readonly string Samples = KitFolder.File("tests", "Checkpoints", "samples");
    private static readonly HashSet<string> Wanted = ["weight", "bias", "logit_scale"];

    private readonly string folder =
        Directory.CreateDirectory(
            Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
            $"kit-fuzz-{Guid.NewGuid():N}")).FullName;

    private readonly List<Target> targets = [];

    public FuzzTargets()
    {
        string[] archives = [
            .. Directory.GetFiles(Samples, "*.pt*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith("legacy.pth", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        string[] tables = [.. Directory.GetFiles(Path.Combine(Samples, "field"), "*.safetensors").Order(StringComparer.Ordinal)];
        Files("pytorch", 6, "pth",
            [.. archives.Select(File.ReadAllBytes).Where(bytes => bytes[0] == 'P' && bytes.Length < 20_000)], FuzzMutations.Zip,
            Checkpoint);
        Files("legacy", 4, "pth",
            [File.ReadAllBytes(Path.Combine(Samples, "legacy.pth")),
            File.ReadAllBytes(Path.Combine(Samples, "field", "legacy.pth"))], FuzzMutations.Pickle, Checkpoint);
        Files("safetensors", 6, "safetensors", [.. tables.Select(File.ReadAllBytes), Trained()], FuzzMutations.Safetensors,
            Checkpoint);
        Files("nlvr2", 4, "json", [Utf8(Nlvr2Lines), Utf8(Nlvr2Blip)], FuzzMutations.Json, path => Nlvr2Dataset.Load(path));
        Files("captions", 5, "json", [Utf8(Karpathy), Utf8(BlipCaptions), Utf8(BlipRows), Utf8(CocoCaptions)], FuzzMutations.Json,
            Captions);
        Files("vqa", 4, "json", [Utf8(BlipVqa)], FuzzMutations.Json, path => Drain(VqaDataset.OpenBlip(path, folder, folder)));
        Files("vqa-official", 4, "json", [Utf8(VqaQuestions), Utf8(VqaAnnotations)], FuzzMutations.Json, OfficialVqa);
        Files("answers", 1, "json", [Utf8("""["yes", "no", "2", "red"]""")], FuzzMutations.Json, path => AnswerList.Load(path));
        Files("score-caption", 2, "json", [Utf8(CaptionResults), Utf8(CocoCaptions)], FuzzMutations.Json, ScoreCaptions);
        Files("score-vqa", 2, "json", [Utf8(VqaResults), Utf8(VqaAnnotations)], FuzzMutations.Json, ScoreVqa);
        Files("score-nlvr2", 2, "csv", [Utf8("dev-1-0-0,True\ndev-1-1-0,false\n"), Utf8("dev-1-0-0,0\ndev-1-1-0,1\n")],
            FuzzMutations.Bytes, ScoreNlvr2);
        Files("score-matrix", 2, "json", [Utf8("[[0.5,0.1,0.2,1e-3],[0.25,1,2,3]]"), Utf8(Scores)],
            FuzzMutations.Json, ScoreMatrix);
        Files("score-npy", 1, "npy", [Numpy()], FuzzMutations.Bytes, ScoreMatrix);
        Files("grid", 1, "json", [Utf8(Experiments)], FuzzMutations.Json, path => Grid.Open(path));
        Files("result", 2, "json",
            [File.ReadAllBytes(Directory.GetFiles(RunCache.Published, "*.json").Order(StringComparer.Ordinal).First())],
            FuzzMutations.Json, Result);
        Files("log", 1, "jsonl", [Utf8(LogLines)], FuzzMutations.Json, path => TrainingLog.Read(path));
        Files("vocabulary", 1, "txt", [Utf8("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##c\n")], FuzzMutations.Bytes,
            path => BertWordPiece.Load(path).Encode("a bc \u00e9"));
        Files("png", 2, "png", [Picture(SKEncodedImageFormat.Png)], FuzzMutations.Png, path => RgbImage.Load(path));
        Files("jpeg", 2, "jpg", [Picture(SKEncodedImageFormat.Jpeg)], FuzzMutations.Bytes, path => RgbImage.Load(path));
        Files("webp", 1, "webp", [Picture(SKEncodedImageFormat.Webp)], FuzzMutations.Bytes, path => RgbImage.Load(path));
        Files("bmp", 1, "bmp", [Bitmap()], FuzzMutations.Bytes, path => RgbImage.Load(path));
        Files("gif", 1, "gif", [Convert.FromBase64String("R0lGODlhAgACAIAAAP8AAAD/ACH5BAEAAAAALAAAAAACAAIAAAIDjAYFADs=")],
            FuzzMutations.Bytes, path => RgbImage.Load(path));
        Files("run", 1, "safetensors", [Run()], FuzzMutations.Safetensors, Resume);
        Files("connection", 2, "json", [Utf8(Connection)], FuzzMutations.Json, path => ConnectionFile.Read(path));
        Add("message", 4, named: false, [Utf8(Header), Utf8(Content)], FuzzMutations.Json, Message);
        Add("text", 4, named: false,
            [Utf8("A man's riding a wave &amp; he said: \"Don't!\" at www.a.b/c?d=1, 3.5%, (U.S.)... caf\u00e9")],
            FuzzMutations.Bytes, Text);
    }

    /// <summary>An input, always the same for a seed and a number.</summary>
    public FuzzInput Input(long seed, long number)
    {
        var random = new Random(unchecked((int)SeededRandom.SeedFor((ulong)seed, (ulong)number)));
        var target = targets[random.Next(targets.Count)];
        var bytes = target.Damage(random, Any(), Any());
        return new FuzzInput(target.Name, bytes, target.Named, () => target.Read(bytes));

        byte[] Any() => target.Sound[random.Next(target.Sound.Length)];
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Files(
        string name, int weight, string ending, byte[][] sound, Func<Random, byte[], byte[], byte[]> damage, Action<string> read)
    {
        var path = Path.Combine(folder, $"{Mark}{name}.{ending}");
        Add(name, weight, named: true, sound, damage, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            read(path);
        });
    }

    // A target comes as often as its weight says; a sound input that is refused would make all of it worthless.
    private void Add(string name, int weight, bool named, byte[][] sound, Func<Random, byte[], byte[], byte[]> damage,
        Action<byte[]> read)
    {
        try
        {
            Array.ForEach(sound, read);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"a sound input of '{name}' is not read: {e}", e);
        }

        targets.AddRange(Enumerable.Repeat(new Target(name, named, sound, damage, read), weight));
    }

    private static void Checkpoint(string path)
    {
        using var file = CheckpointFile.Open(path);
        file.Number("temperature");
        foreach (var tensor in file.Tensors.Where(tensor => tensor.ElementCount <= LargestTensor))
        {
            using var read = tensor.ToTensor();
        }

        using var scope = NewDisposeScope();
        try
        {
            CheckpointLoader.Load(Wanted.ToDictionary(name => name, _ => zeros(2, 2)), file);
        }
        catch (InvalidDataException)
        {
            // these are not the names it has
        }
    }

    private void Captions(string path)
    {
        Tolerant(() => CaptionImages.LoadTruth(path));
        Tolerant(() => CaptionImages.LoadRows(path, folder));
        if (File.ReadAllBytes(path).AsSpan().IndexOf("\"annotations\""u8) < 0)
            CaptionImages.Load(path, folder, "test");
    }

    // A form that this reader is not for.
    private static void Tolerant(Action read)
    {
        try
        {
            read();
        }
        catch (InvalidDataException e) when (!e.Message.Any(char.IsControl))
        {
        }
    }

    private void OfficialVqa(string path)
    {
        var isQuestions = File.ReadAllBytes(path).AsSpan().IndexOf("\"annotations\""u8) < 0;
        Drain(VqaDataset.OpenOfficial(
            isQuestions ? path : Sound(VqaQuestions), isQuestions ? Sound(VqaAnnotations) : path, folder));
        if (isQuestions)
            Drain(VqaDataset.OpenOfficial(path, null, folder));
    }

    private void ScoreCaptions(string path)
    {
        var isResults = File.ReadAllBytes(path).AsSpan().IndexOf("\"annotations\""u8) < 0;
        CaptionMetrics.Compute(
            CaptionSet.Read(isResults ? path : Sound(CaptionResults), isResults ? Sound(CocoCaptions) : path, subset: true));
    }

    private void ScoreVqa(string path)
    {
        var isResults = File.ReadAllBytes(path).AsSpan().IndexOf("\"annotations\""u8) < 0;
        var results = Sound(VqaResults);
        VqaAccuracy.ComputeFiles(isResults ? path : results, isResults ? Sound(VqaAnnotations) : path);
    }

    private void ScoreNlvr2(string path) => Nlvr2Metrics.ComputeFiles(path, Sound(Nlvr2Lines));

    private void ScoreMatrix(string path)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        RetrievalFiles.Read(path, Sound(BlipCaptions)).Recall();
    }

    private void Result(string path)
    {
        var cache = Directory.CreateDirectory(Path.Combine(folder, "cache")).FullName;
        File.Move(path, Path.Combine(cache, Path.GetFileName(path)), overwrite: true);
        foreach (var result in new RunCache(cache).All())
            _ = result.ToJson();
    }

    // A run that is gone on with, and stopped before its next step.
    private void Resume(string path)
    {
        var run = Directory.CreateDirectory(Path.Combine(folder, $"{Mark}runs")).FullName;
        Array.ForEach(Directory.GetFiles(run), File.Delete);
        File.Copy(path, Path.Combine(run, "checkpoint.safetensors"));
        using var task = new Line();
        new Trainer(task, Line.Settings, run).Run(resume: true, cancellation: new CancellationToken(canceled: true));
    }

    private byte[] Run()
    {
        var run = Path.Combine(folder, "first");
        using var task = new Line();
        new Trainer(task, Line.Settings with { StopAfterEpoch = 1 }, run).Run();
        return File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors"));
    }

    private static void Message(byte[] bytes)
    {
        byte[] other = Utf8("{}"), delimiter = Utf8("<IDS|MSG>");
        var signer = new MessageSigner("key");
        var isContent = bytes.AsSpan().IndexOf("msg_type"u8) < 0;
        var (header, content) = isContent ? (Utf8(Header), bytes) : (bytes, other);
        var socket = new MessageSocket(null!, new MessageSigner("key"), "session", _ => { });
        var parse = typeof(MessageSocket).GetMethod("Parse", BindingFlags.Instance | BindingFlags.NonPublic)!;
        List<byte[]> frames = [delimiter, signer.Sign(header, other, other, content), header, other, other, content];
        if (parse.Invoke(socket, BindingFlags.DoNotWrapExceptions, null, [frames], null) is Message message)
        {
            _ = (message.Type, message.Id, message.ContentText("code"), message.ContentFlag("silent", false),
                message.ContentNumber("cursor_pos", 0));
        }
    }

    private static void Text(byte[] bytes)
    {
        foreach (var text in new[] { Encoding.UTF8.GetString(bytes), Encoding.Latin1.GetString(bytes),
            Encoding.Unicode.GetString(bytes), string.Concat(Enumerable.Repeat(Encoding.UTF8.GetString(bytes), 20)) })
        {
            PtbTokenizer.Tokenize([text]);
            BlipText.PreCaption(text);
            BlipText.PreQuestion(text);
            VqaAnswerNormalization.NormalizeWords(VqaAnswerNormalization.StripPunctuation(text));
            Words.Value.Encode(text);
        }
    }

    private static readonly Lazy<BertWordPiece> Words = new(() => BertWordPiece.Load(KitFolder.File("data", "toy", "vocab.txt")));

    private static void Drain<T>(FileList<T> list)
    {
        using (list)
        {
            foreach (var _ in list)
            {
            }
        }
    }

    private string Sound(string text)
    {
        // what is said of two files that do not fit may name either
        var path = Path.Combine(folder, $"{Mark}other.{text.Length}.json");
        if (!File.Exists(path))
            File.WriteAllText(path, text);

        return path;
    }

    private byte[] Trained()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder, "tensors.safetensors");
        SafetensorsWriter.Write(
            path, new Dictionary<string,
                Tensor> { ["weight"] = ones(2, 2), ["bias"] = arange(3, dtype: int64), ["none"] = zeros(0) },
            new Dictionary<string, string> { ["temperature"] = "0.5", ["method"] = "MADTP" });
        return File.ReadAllBytes(path);
    }

    private static byte[] Picture(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(24, 16);
        for (var i = 0; i < 24 * 16; i++)
            bitmap.SetPixel(i % 24, i / 24, new SKColor((byte)(i * 7), (byte)(i * 3), (byte)(255 - i)));

        using var data = bitmap.Encode(format, 80);
        return data.ToArray();
    }

    private static byte[] Bitmap()
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("BM"u8);
        Array.ForEach([54 + (4 * 3 * 4), 0, 54, 40, 4, 4], writer.Write);
        writer.Write((short)1);
        writer.Write((short)24);
        Array.ForEach([0, 4 * 3 * 4, 2835, 2835, 0, 0], writer.Write);
        writer.Write([.. Enumerable.Range(0, 4 * 3 * 4).Select(i => (byte)(i * 5))]);
        return file.ToArray();
    }

    private static byte[] Numpy()
    {
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header),
            .. Enumerable.Range(0, 8).SelectMany(i => BitConverter.GetBytes(i / 8f))];
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private sealed record Target(
        string Name, bool Named, byte[][] Sound, Func<Random, byte[], byte[], byte[]> Damage, Action<byte[]> Read);

    // A line through points: the smallest thing that the trainer trains.
    private sealed class Line : TrainingTask, IDisposable
    {
        private readonly TorchSharp.Modules.Linear line = nn.Linear(2, 1);

        public static TrainingSettings Settings { get; } = new() { Epochs = 3, BatchSize = 2, WarmupSteps = 0, LogEvery = 1 };

        public override IReadOnlyList<(string Name, nn.Module Module)> Modules => [("line", line)];

        public override int Examples => 4;

        public override TrainingObjective Objective { get; } = new();

        public override double? Strength { get; set; } = 0.5;

        public override StepLosses Losses(ReadOnlySpan<int> examples) =>
            new(line.call(ones(examples.Length, 2)).square().mean(), ones(1).sum());

        public override Evaluation Validate() => new("val", 4, 0.5, 1, 1);

        public void Dispose() => line.Dispose();
    }

    private const string Nlvr2Lines = """
        {"sentence": "There are two dogs.", "label": "True", "synset": "dog", "identifier": "dev-1-0-0", "directory": 3}
        {"sentence": "One is red.", "label": "False", "identifier": "dev-1-1-0", "directory": 12}
        """;

    private const string Nlvr2Blip = """
        [{"sentence": "There are two dogs.", "label": "True", "images": ["dev/dev-1-0-img0.png", "dev/dev-1-0-img1.png"]},
         {"sentence": "One is red.", "label": "False", "images": ["dev/dev-1-1-img0.png", "dev/dev-1-1-img1.png"]}]
        """;

    private const string Karpathy = """
        {"dataset": "coco", "images": [
            {"filepath": "val2014", "filename": "COCO_val2014_000000000042.jpg", "split": "test", "cocoid": 42, "imgid": 0,
         "sentids": [1], "sentences": [
             {"tokens": ["a"], "raw": "A dog.", "imgid": 0, "sentid": 1}, {"raw": "Two dogs.", "imgid": 0, "sentid": 2}]},
         {"filename": "b.jpg", "split": "train", "imgid": 1, "sentences": [{"raw": "A cat."}]}]}
        """;

    private const string BlipCaptions = """
        [{"image": "val2014/COCO_val2014_000000000042.jpg", "caption": ["A dog.", "Two dogs."]},
            {"image": "b.jpg", "caption": ["A cat.", "Cats."]}]
        """;

    private const string BlipRows = """
        [{"image": "train2014/COCO_train2014_000000000042.jpg", "caption": "A dog.", "image_id": "coco_42"},
         {"image": "b.jpg", "caption": "A cat.", "image_id": "coco_43"},
             {"image": "b.jpg", "caption": "Cats.", "image_id": "coco_43"}]
        """;

    private const string CocoCaptions = """
        {"info": {"year": 2014}, "images": [{"id": 42, "file_name": "a.jpg"}, {"id": 43}],
            "annotations": [{"image_id": 42, "id": 1,
         "caption": "A dog runs."}, {"image_id": 42, "id": 2, "caption": "Two dogs."},
             {"image_id": 43, "id": 3, "caption": "A red cat sits."}]}
        """;

    private const string CaptionResults = """[{"image_id": 42, "caption": "a dog runs"}, {"image_id": 43, "caption": "a cat"}]""";

    private const string BlipVqa = """
        [{"question_id": 1, "question": "Is it red?", "answer": ["yes", "yes", "no"], "image": "val2014/a.jpg", "dataset": "vqa"},
         {"question_id": 2, "question": "How many?", "answer": "2", "image": "b.jpg", "dataset": "vg"},
             {"question_id": 3, "question": "?", "image": "c.jpg"}]
        """;

    private const string VqaQuestions = """
        {"info": {"a": 1}, "data_type": "mscoco", "data_subtype": "val2014",
            "questions": [{"image_id": 42, "question": "Is it red?", "question_id": 1},
         {"image_id": 43, "question": "How many?", "question_id": 2}], "license": {}}
        """;

    private const string VqaAnnotations = """
        {"data_subtype": "val2014",
            "annotations": [{"question_type": "is it", "multiple_choice_answer": "yes", "image_id": 42, "answer_type": "yes/no",
         "question_id": 1, "answers": [
             {"answer": "yes", "answer_confidence": "yes", "answer_id": 1}, {"answer": "no", "answer_id": 2}]},
         {"question_type": "how many", "image_id": 43, "answer_type": "number", "question_id": 2,
             "answers": [{"answer": "2"}, {"answer": "two"}]}]}
        """;

    private const string VqaResults = """[{"question_id":1,"answer":"yes"},{"question_id":2,"answer":"2"}]""";

    private const string Scores = """{"scores_i2t":[[1,2,3,4],[1,2,3,4]],"scores_t2i":[[1,2],[3,4],[1,2],[3,4]]}""";

    private const string Experiments =
        """[{"method":"EViT","reduce_ratio":0.5},{"seed":3,"task":"toy-clip","train_examples":64}]""";

    private const string LogLines =
        "{\"step\":1,\"epoch\":1,\"loss\":0.5,\"seconds\":1}\n{\"step\":2,\"epoch\":1,\"validation\":0.5,\"seconds\":2}\n";

    private const string Connection = """
        {"ip": "127.0.0.1", "transport": "tcp", "key": "k", "signature_scheme": "hmac-sha256", "shell_port": 1, "control_port": 2,
         "stdin_port": 3, "iopub_port": 4, "hb_port": 5, "kernel_name": "c"}
        """;

    private const string Header = """
        {"msg_id": "1", "session": "s", "username": "u", "date": "2026-01-01T00:00:00Z", "msg_type": "execute_request",
         "version": "5.3"}
        """;

    private const string Content = """
        {"code": "1 + 1", "silent": false, "store_history": true, "user_expressions": {"a": "1"}, "allow_stdin": true,
         "cursor_pos": 3}
        """;
}
