using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Figures;

/// <summary>A checkpoint's model asked about pictures and a text of one's own: what is pruned of them, at which cost.</summary>
public sealed class KeepMapModel : IDisposable
{
    private const int ShownSide = 384; // pixels
    private const double UsualRatio = 0.5;

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
        stored = isAligned ? StoredStrength.In(file, method) : null;
    }

    /// <summary>Pictures that the model takes: 2 for NLVR2, else 1.</summary>
    public int Pictures => model is BlipNlvr ? 2 : 1;

    /// <summary>Opens a BLIP for NLVR2, a BLIP for retrieval or a CLIP, whichever the file holds.</summary>
    /// <param name="vocabulary">BERT's words or CLIP's merges; the toy world's, or those beside the checkpoint, if null.</param>
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
            var texts = vocabulary is null && sizes.Text.VocabularySize == ToyTokens.ClipVocabularySize
                ? ClipText.OfWords(string.Empty, ToyTokens.Tokenizer) : ClipText.Open(sizes, file, files, vocabulary);
            return new KeepMapModel(
                clip, sizes.Vision, file, text => (texts.Tokens(text), texts.Pieces(texts.Tokens(text))));
        }

        var config = CheckpointSizes.Blip(file, hints);
        var tokenizer = new[] { ToyTokens.Tokenizer, DecoyTokens.Tokenizer }
            .FirstOrDefault(toy => vocabulary is null && toy.VocabularySize == config.Text.VocabularySize)
            ?? CheckpointTexts.Open(config, file, files, vocabulary).Tokenizer;
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
        var (read, mask) = TextEncoding.Batch([ids], 0);
        var shown = pictures.Select(picture => BicubicResize.Resize(picture, ShownSide, ShownSide)).ToArray();
        var seen = ImageNormalization.Clip.ToTensor([.. pictures.Select(one => BicubicResize.Resize(one, side, side))]);
        KeepMapRun At(PruningSetting setting) =>
            KeepMapSamples.Run((IReducibleModel)model, costs, setting, seen, read, mask);
        PruningSetting Calibrated(PruningMethod by, double share) =>
            (by with { Range = by.Range with { Tolerance = 0.01, MaxBisections = 12 } })
                .Calibrate(setting => At(setting).MacShare, share);
        var found = ratio is null && stored is not null ? null : Calibrated(method, 1 - (ratio ??= UsualRatio));
        var own = found?.Strength ?? stored!.Value;
        double[] dials = [.. new[] { 0.1, 0.3, 1, 3, 10 }.Select(factor => double.Parse(
            (factor * own).ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))];
        dials[2] = own;
        var everything = method.Policy(own) with { MinKeep = int.MaxValue, KeepAllBelowFloor = false };
        List<KeepMapRun> runs = [.. dials.Select(strength => At(method.At(strength))),
            At(method.At(own) with { Policy = everything }) with { Temperature = double.PositiveInfinity, MacShare = 1 }];
        List<(string Method, KeepMapRun Run)> drawn = [(method.Name, runs[2])];
        var how = found is null ? "as the checkpoint says"
            : FormattableString.Invariant($"calibrated on this picture to --reduce {ratio}")
                + (found.Calibration!.Reached ? "" : ", which no T reaches here");
        var said = FormattableString.Invariant($"{method.Name}: T = {own:G6}, {how}; {Share(runs[2])}");
        if (rival is { Pruning: { } pruning })
        {
            var beside = Calibrated(pruning, runs[2].MacShare);
            var name = FormattableString.Invariant($"{rival.Name}, {pruning.StrengthIs} {beside.Strength:G3}");
            runs.Add(At(beside) with { Name = name });
            drawn.Add((rival.Name, runs[^1]));
            said += FormattableString.Invariant(
                $"{Environment.NewLine}{rival.Name}: {pruning.StrengthIs} {beside.Strength:G4}; {Share(runs[^1])}");
        }

        var pair = new PairView(shown[0], shown.ElementAtOrDefault(1), grid, words, Label: null) { Sentence = text };
        var figure = pair.Draw($"\"{text}\"", 960, [.. drawn.Select(one => (
            $"{one.Method} ", one.Run.Kept(one.Run.Left, []), one.Run.Kept(one.Run.Right, []),
            one.Run.Kept(one.Run.Text, Enumerable.Range(0, words.Length).Except(one.Run.Text[0].Positions))))]);
        return (new KeepMapSample(pair, runs, Opens: 2), figure, said);
    }

    public void Dispose() => model.Dispose();

    private static string Share(KeepMapRun run) =>
        FormattableString.Invariant($"{100 * run.MacShare:0.0}% of the plain model's multiply-accumulates");
}
