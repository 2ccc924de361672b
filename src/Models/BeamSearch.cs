using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Beam search: carries the likeliest texts of each image along, two candidates a beam in every step, so that ends of
/// texts never crowd out those that go on.</summary>
internal sealed class BeamSearch(INextWord model, GenerationSettings settings)
{
    // Keeps the copies of a prompt from being chosen in the first step, where all beams are equal.
    private const float NotYet = -1e9f;

    private readonly int beams = settings.Beams;

    /// <summary>Prompts <c>[B, n]</c> to texts <c>[B, N]</c>.</summary>
    public Tensor Run(Tensor prompts)
    {
        var device = prompts.device;
        Beam[] going =
        [
            .. prompts.cpu().contiguous().data<long>().ToArray().Chunk((int)prompts.shape[1]).SelectMany(prompt =>
                Enumerable.Range(0, beams).Select(copy => new Beam(prompt, copy == 0 ? 0 : NotYet, 0))),
        ];
        BeamHypotheses[] finished = [.. Enumerable.Range(0, (int)prompts.shape[0]).Select(_ => new BeamHypotheses(beams))];
        var done = new bool[finished.Length];
        var scores = model.Begin(prompts).repeat_interleave(beams, 0); // a prompt is read once for all beams
        for (var copies = beams;; copies = 1)
        {
            using var scope = NewDisposeScope();
            going = Advance(going, scores, finished, done);
            if (Array.TrueForAll(done, isDone => isDone) || going[0].Text.Length >= settings.MaxLength)
                break;

            scores.Dispose();
            var words = tensor(going.Select(beam => beam.Text[^1]).ToArray(), device: device);
            var parents = tensor(going.Select(beam => beam.Parent / copies).ToArray(), device: device);
            scores = model.Next(words, parents).MoveToOuterDisposeScope();
        }

        foreach (var (row, beam) in going.Index().Where(each => !done[each.Index / beams]))
            finished[row / beams].Add(beam.Text, beam.Score);

        return Padded([.. finished.Select(texts => texts.Best())], device);
    }

    private Beam[] Advance(Beam[] going, Tensor scores, BeamHypotheses[] finished, bool[] done)
    {
        var (words, length) = (scores.shape[1], going[0].Text.Length);
        var allowed = settings.Allowed(scores.to(float32).log_softmax(1), length); // [B·beams, V]
        var before = tensor(going.Select(beam => beam.Score).ToArray(), device: scores.device).unsqueeze(1);
        var most = (int)Math.Min(2 * beams, words); // no more of one beam can be among an image's best
        var (values, places) = (allowed + before).topk(most, 1); // [B·beams, most]
        var candidates = values.cpu().data<float>().ToArray().Zip(places.cpu().data<long>().ToArray()).Index();
        var next = new List<Beam>();
        foreach (var (image, all) in candidates.Chunk(beams * most).Index())
        {
            var best = all.OrderByDescending(one => one.Item.First).Take(2 * beams).ToArray();
            next.AddRange(done[image] ? Enumerable.Repeat(Longer(image * beams, settings.PaddingId, 0), beams)
                : Sort(best.Select(one => Longer(one.Index / most, one.Item.Second, one.Item.First)), finished[image]));
            done[image] |= finished[image].AreFinal(best[0].Item.First, length);
        }

        return [.. next];

        Beam Longer(long parent, long word, float score) => new([.. going[parent].Text, word], score, parent);
    }

    // Candidates that end a text are finished if they are among the best, the others go on.
    private List<Beam> Sort(IEnumerable<Beam> candidates, BeamHypotheses finished)
    {
        var goOn = new List<Beam>(beams);
        foreach (var (rank, candidate) in candidates.Index().TakeWhile(_ => goOn.Count < beams))
        {
            if (candidate.Text[^1] != settings.EndId)
                goOn.Add(candidate);
            else if (rank < beams)
                finished.Add(candidate.Text[..^1], candidate.Score);
        }

        return goOn;
    }

    private Tensor Padded(long[][] texts, Device device)
    {
        var width = Math.Min(texts.Max(text => text.Length) + 1, settings.MaxLength);
        var ids = new long[texts.Length * width];
        Array.Fill(ids, settings.PaddingId);
        foreach (var (row, text) in texts.Index())
        {
            text.CopyTo(ids, row * width);
            if (text.Length < width)
                ids[(row * width) + text.Length] = settings.EndId;
        }

        return tensor(ids, [texts.Length, width], device: device);
    }

    // A text that is carried along, its log-probability, and the row of the text, a word shorter, that it goes on from.
    private readonly record struct Beam(long[] Text, float Score, long Parent);
}

/// <summary>The best finished texts of one image in a beam search, by log-probability / length, best first.</summary>
/// <param name="most">As many as there are beams.</param>
internal sealed class BeamHypotheses(int most)
{
    private (double Score, long[] Text)[] finished = [];

    /// <summary>Adds a finished text, without its end, if it is among the best.</summary>
    public void Add(long[] text, double logProbability) => finished =
        [.. finished.Append((logProbability / text.Length, text)).OrderByDescending(one => one.Item1).Take(most)];

    /// <summary>Whether no text that goes on can be better than those that are finished.</summary>
    /// <param name="bestGoing">The highest log-probability among the step's candidates.</param>
    /// <param name="length">Tokens before the step's word.</param>
    public bool AreFinal(double bestGoing, int length) =>
        finished.Length >= most && finished[^1].Score >= bestGoing / length;

    /// <summary>The best text; of equally good ones the last that was found.</summary>
    public long[] Best() => finished.Last(one => one.Score.Equals(finished[0].Score)).Text;
}
