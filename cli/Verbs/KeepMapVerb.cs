using Madtp.Kit.Data.Images;
using Madtp.Kit.Figures;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit keep-map</c>: what a checkpoint prunes of pictures and a text of one's own, as a page and an SVG.</summary>
internal static class KeepMapVerb
{
    public static Verb Create()
    {
        var verb = new Verb(
            "keep-map", "Draw what a model prunes of your own pictures and text: an interactive page and an SVG.",
            "./kit keep-map --checkpoint FILE --left A.jpg --right B.jpg --text \"two cats sleep\" --against ToMe");
        var checkpoint = verb.Option<string>(
            "--checkpoint", "A BLIP for NLVR2, a BLIP for retrieval or a CLIP.", "FILE", required: true);
        var left = verb.Option<string>("--left", "The left picture, or the only one.", "FILE", required: true);
        var right = verb.Option<string?>("--right", "The right picture; for NLVR2 alone.", "FILE");
        var text = verb.Option<string>("--text", "The statement or caption.", "TEXT", required: true);
        var reduce = verb.Number<double>(
            "--reduce", "The reduce ratio that T is calibrated to on this picture; else the checkpoint's own T, or 0.5.",
            0, 1, open: true, value: "RATIO");
        var against = verb.Option<string?>(
            "--against", "A rival beside it, at the same multiply-accumulates: ToMe, EViT, STP, …", "NAME",
            words: MethodOption.OfTokens);
        var vocabulary = verb.Option<string?>("--vocab", "The vocabulary, if it does not lie beside the checkpoint.", "FILE");
        var output = verb.Option("--out", "The folder to write to.", "DIR", () => ".");
        verb.SetAction(parsed =>
        {
            var rival = parsed.GetValue(against) is { } name ? Methods.Tokens(name) : null;
            var hints = new CheckpointHints { Say = CommandLine.Remark };
            using var model = KeepMapModel.Open(parsed.GetRequiredValue(checkpoint), parsed.GetValue(vocabulary), hints);
            string[] paths = [.. new[] { parsed.GetRequiredValue(left), parsed.GetValue(right) }.OfType<string>()];
            if (paths.Length != model.Pictures)
            {
                throw new ArgumentException(model.Pictures == 2
                    ? "this model judges a statement about two pictures: give the second one with --right"
                    : "this model takes one picture: leave --right out");
            }

            var said = parsed.GetRequiredValue(text);
            var (sample, figure, found) = model.Draw([.. paths.Select(RgbImage.Load)], said, parsed.GetValue(reduce), rival);
            var folder = parsed.GetRequiredValue(output);
            var drawn = Path.Combine(folder, "keep-map.svg");
            Console.WriteLine(found);
            Console.WriteLine(KeepMapPage.Write(Path.Combine(folder, "keep-map.html"), "What is kept", [sample]));
            figure.Save(drawn);
            Console.WriteLine(drawn);
        });
        return verb;
    }
}
