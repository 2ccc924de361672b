using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Figures;

/// <summary>A checkpoint's model asked about pictures and a text of one's own: what is pruned of them, at which cost.</summary>
public sealed class KeepMapModel : IDisposable
{
    private const int ShownSide = 384; // pixels
    private const double UsualRatio = 0.5;
    private static readonly CalibrationSettings Few = new() { Tolerance = 0.01, MaxBisections = 12 };

    private readonly nn.Module model;
    private readonly RunCosts costs;
    private readonly Func<string, (int[] Ids, string[] Words)> tokens;
    private readonly int side;
    private readonly PatchGrid grid;
    private readonly PruningMethod method;
    private readonly double? stored;

    private KeepMapModel(
        nn.Module model, VisionTransformerConfig vision, CheckpointFile file, Func<string, (int[] Ids, string[] Words)> tokens)
    {
        (this.model, costs, this.tokens, side) = (model, RunCosts.Of(model), tokens, vision.ImageSize);
        model.eval();
        grid = PatchGrid.Square(side, vision.PatchSize);
        var released = file.Number("temperature");
        var isAligned = ((IReducibleModel)model).ReducibleEncoders[0].SpaceDict is not null;
        method = !isAligned ? Methods.Of("w/o MAG").Pruning!
            : released is null ? PruningMethod.Madtp : PruningMethod.ByTemperature(ReductionPolicy.Released);
        var noted = file.Metadata.GetValueOrDefault("method", PruningMethod.Madtp.Name) == method.Name
            && file.Metadata.TryGetValue("temperature", out var text)
            ? double.Parse(text, CultureInfo.InvariantCulture) : (double?)null;
        stored = isAligned ? released ?? noted : null;
    }

    /// <summary>Pictures that the model takes: 2 for NLVR2, else 1.</summary>
    public int Pictures => model is BlipNlvr ? 2 : 1;

    /// <summary>Opens a BLIP for NLVR2, a BLIP for retrieval or a CLIP, whichever the file holds.</summary>
    /// <param name="vocabulary">BERT's vocabulary or CLIP's merges; the toy world's own, or one beside the checkpoint, if
    /// null.</param>
    /// <exception cref="FileNotFoundException">Checkpoint or vocabulary are not there.</exception>
    /// <exception cref="InvalidDataException">It is none of these models.</exception>
    public static KeepMapModel Open(string path, string? vocabulary, CheckpointHints hints)
    {
        using var file = CheckpointFile.Open(path);
        var files = new TaskFiles(Path.GetDirectoryName(Path.GetFullPath(path))!);
        bool Has(string part) => file.Tensors.Any(tensor => tensor.Name.Contains(part, StringComparison.Ordinal));
        Guard.Data(!Has("text_decoder") && (Has("cls_head") || Has("itm_head") || Has("token_embedding")),
            $"{path} is no BLIP for NLVR2 or retrieval and no CLIP; `./kit checkpoint {path}` shows what it holds");
        if (Has("token_embedding"))
        {
            var sizes = CheckpointSizes.Clip(file, hints);
            var clip = CompressedWeights.Load(new ClipModel(sizes), file, hints);
            return new KeepMapModel(clip, sizes.Vision, file, Clip(sizes, file, files, vocabulary));
        }

        var config = CheckpointSizes.Blip(file, hints);
        var tokenizer = new[] { ToyTokens.Tokenizer, DecoyTokens.Tokenizer }
            .FirstOrDefault(toy => vocabulary is null && toy.VocabularySize == config.Text.VocabularySize)
            ?? BlipTexts.Open(config, file, files, vocabulary).Tokenizer;
        int[] Ids(string text) => Has("cls_head") ? NlvrPairs.Tokens(tokenizer, text, config.Text.MaxPositions)
            : tokenizer.EncodeWithSpecials(BlipText.PreCaption(text, 30), Math.Min(35, config.Text.MaxPositions));
        nn.Module blip = Has("cls_head") ? CompressedWeights.Load(new BlipNlvr(config), file, hints)
            : CompressedWeights.Load(new BlipRetrieval(config), file, hints);
        return new KeepMapModel(
            blip, config.Vision, file, text => (Ids(text), [.. Ids(text).Select(tokenizer.TokenOf)]));
    }

    /// <summary>Runs pictures and text at several temperatures, the model's own among them, and unpruned.</summary>
    /// <param name="text">A statement about them, or what is to be compared with the picture.</param>
    /// <param name="ratio">The reduce ratio that T is calibrated to on this picture; if null, the file's own T, or 0.5.</param>
    /// <param name="rival">A method to be drawn beside it at the same multiply-accumulates; none if null.</param>
    /// <returns>The page's sample, the figure, and how T was found.</returns>
    public (KeepMapSample Sample, StaticFigure Figure, string Found) Draw(
        IReadOnlyList<RgbImage> pictures, string text, double? ratio = null, Method? rival = null)
    {
        using var off = inference_mode();
        using var scope = NewDisposeScope();
        var (ids, words) = tokens(text);
        var shown = pictures.Select(picture => BicubicResize.Resize(picture, ShownSide, ShownSide)).ToArray();
        var seen = ImageNormalization.Clip.ToTensor([.. pictures.Select(one => BicubicResize.Resize(one, side, side))]);
        KeepMapRun At(PruningMethod by, double strength) => Run(by.Policy(strength), strength, seen, ids);
        PruningSetting Calibrated(PruningMethod by, double share) => (by with { Range = by.Range with
        {
            Tolerance = Few.Tolerance, MaxBisections = Few.MaxBisections,
        } }).Calibrate(setting => At(by, setting.Strength).MacShare, share);
        var found = ratio is null && stored is not null ? null : Calibrated(method, 1 - (ratio ??= UsualRatio));
        var own = found?.Strength ?? stored!.Value;
        double[] dials = [.. new[] { 0.1, 0.3, 1, 3, 10 }.Select(factor => double.Parse(
            (factor * own).ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))];
        dials[2] = own;
        KeepMapRun[] runs = [.. dials.Select(strength => At(method, strength)),
            Run(method.Policy(own) with { MinKeep = int.MaxValue, BelowFloor = BelowFloor.KeepFloor }, own, seen, ids) with
            {
                Temperature = double.PositiveInfinity, MacShare = 1,
            }];
        var beside = rival is null ? null : Calibrated(rival.Pruning!, runs[2].MacShare);
        var drawn = new List<(string, KeepMapRun, bool)> { (method.Name, runs[2], method.Policy(own).Reducer.Merges) };
        if (beside is not null)
        {
            var run = At(rival!.Pruning!, beside.Strength);
            drawn.Add((rival.Name, run, beside.Policy.Reducer.Merges));
            var named = FormattableString.Invariant($"{rival.Name}, {rival.Pruning!.StrengthIs} {beside.Strength:G3}");
            runs = [.. runs, run with { Name = named }];
        }

        var sample = new KeepMapSample(text, null, shown[0], shown.ElementAtOrDefault(1), grid, words, runs) { Opens = 2 };

        var how = found is null ? FormattableString.Invariant($"T = {own:G6}, as the checkpoint says")
            : FormattableString.Invariant($"T = {own:G6}, calibrated on this picture to --reduce {ratio}")
                + (found.Calibration!.Reached ? "" : ", which no T reaches here");
        return (sample, Figure(sample, drawn), $"{method.Name}: {how}; {Share(runs[2])}"
            + (beside is null ? "" : FormattableString.Invariant(
                $"{Environment.NewLine}{rival!.Name}: {rival.Pruning!.StrengthIs} {beside.Strength:G4}; {Share(runs[^1])}")));
    }

    public void Dispose() => model.Dispose();

    private static string Share(KeepMapRun run) =>
        FormattableString.Invariant($"{100 * run.MacShare:0.0}% of the plain model's multiply-accumulates");

    private static StaticFigure Figure(KeepMapSample sample, IReadOnlyList<(string Name, KeepMapRun Run, bool Merges)> drawn)
    {
        IReadOnlyList<IReadOnlyList<int>> Kept(IReadOnlyList<KeepMapLayer> layers, IEnumerable<int> always) =>
            [.. layers.Select(layer => (IReadOnlyList<int>)[.. always,
                .. layer.Tokens.Where(token => token is { Kept: true, Position: >= 0 }).Select(token => token.Position)])];
        IEnumerable<KeptPatches> Rows((string Name, KeepMapRun Run, bool Merges) one) =>
            new[] { (sample.Left, one.Run.Left), (sample.Right, one.Run.Right) }.Where(image => image.Item1 is not null)
                .Select((image, place) => new KeptPatches(
                    one.Name + (sample.Right is null ? "" : place == 0 ? " left" : " right"),
                    image.Item1!, sample.Grid, Kept(image.Item2, [])) { Merges = one.Merges });
        KeptWords Words((string Name, KeepMapRun Run, bool Merges) one) => new($"{one.Name} text", sample.Words, Kept(
            one.Run.Text, Enumerable.Range(0, sample.Words.Count).Except(one.Run.Text[0].Tokens.Select(t => t.Position))));
        return KeepMap.Draw($"\"{sample.Sentence}\"", [.. drawn.SelectMany(Rows)], [.. drawn.Select(Words)]);
    }

    private KeepMapRun Run(ReductionPolicy policy, double strength, Tensor seen, int[] ids)
    {
        using var scope = NewDisposeScope();
        using var reduction = TokenReduction.Attach((IReducibleModel)model, policy, strength);
        reduction.GatherFeatures = false;
        using var trace = reduction.Record(TraceDetail.Tensors);
        var (read, mask) = TextEncoding.Batch([ids], 0);
        var (vision, words) = model is ClipModel ? ("visual", "transformer") : ("visual_encoder", "text_encoder");
        double answer;
        string? says = null;
        var skip = 0;
        switch (model)
        {
            case BlipNlvr nlvr:
                answer = nlvr.Forward(seen, read, mask).Logits.softmax(1)[0, 1].item<float>();
                break;
            case BlipRetrieval blip:
                var (image, told) = (blip.EncodeImages(seen), blip.EncodeTexts(read, mask));
                skip = blip.TextEncoder.Layers.Count;
                answer = blip.Match(ImageContext.Of(image.Tokens), read, mask).softmax(1)[0, 1].item<float>();
                var near = (image.Feature * told.Feature).sum().item<float>();
                says = FormattableString.Invariant($"They match with {100 * answer:0.0} %; cosine {near:0.000}.");
                break;
            default:
                var features = ((ClipModel)model).Forward(seen, read).Features;
                answer = (features.Image * features.Text).sum().item<float>();
                says = FormattableString.Invariant($"The cosine of picture and text is {answer:0.000}.");
                break;
        }

        return new KeepMapRun(
            strength, costs.Shares(trace, [ids.Length])[0], answer, Of(vision, 0, 1), Pictures == 2 ? Of(vision, 1, 1) : [],
            Of(words, 0, 0))
        {
            Says = says, AddsToken = policy.Reducer.AddsToken, Merges = policy.Reducer.Merges, Score = KeepMapRun.ScoreOf(policy),
        };
        IReadOnlyList<KeepMapLayer> Of(string encoder, int place, int first) => KeepMapSamples.Layers(
            trace, encoder, place, first, encoder == words ? skip : 0,
            ((IReducibleModel)model).ReducibleEncoders[0].SpaceDict?.shape[1] ?? 1);
    }

    private static Func<string, (int[] Ids, string[] Words)> Clip(
        ClipConfig sizes, CheckpointFile file, TaskFiles files, string? vocabulary)
    {
        if (vocabulary is null && sizes.Text.VocabularySize == ToyTokens.ClipVocabularySize)
        {
            return text =>
            {
                var ids = ToyTokens.ClipCaption(ToyTokens.Tokenizer, text);
                return (ids, ["[start]", .. ids[1..^1].Select(ToyTokens.Tokenizer.TokenOf), "[end]"]);
            };
        }

        var texts = ClipText.Open(sizes, file, files, vocabulary);
        var pairs = ClipBytePairEncoding.Load(texts.Path);
        return text => (texts.Tokens(text), [.. texts.Tokens(text).Select(pairs.TokenOf)]);
    }
}
