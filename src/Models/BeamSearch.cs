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
        var images = (int)prompts.shape[0];
        BeamHypotheses[] finished = [.. Enumerable.Range(0, images).Select(_ => new BeamHypotheses(settings))];
        var done = new bool[images];
        var going = new GoingTexts(prompts, beams, NotYet);
        var scores = model.Begin(going.Ids(prompts.device));
        while (true)
        {
            using var scope = NewDisposeScope();
            going = Advance(going, scores, finished, done);
            if (Array.TrueForAll(done, isDone => isDone) || going.Length >= settings.MaxLength)
            {
                break;
            }

            scores.Dispose();
            scores = model.Next(going.LastWords(prompts.device), tensor(going.Parents, device: prompts.device))
                .MoveToOuterDisposeScope();
        }

        return Padded([.. finished.Select((texts, image) => Best(texts, going, image, done[image]))], prompts.device);
    }

    private GoingTexts Advance(GoingTexts going, Tensor scores, BeamHypotheses[] finished, bool[] done)
    {
        var words = scores.shape[1];
        var ruled = WordRules.Apply(scores.to(float32).log_softmax(1), going.Ids(scores.device), settings); // [B·beams, V]
        var total = (ruled + tensor(going.Scores, device: scores.device).unsqueeze(1)).view(finished.Length, beams * words);
        var (values, places) = total.topk(2 * beams, 1);
        var candidates = values.cpu().data<float>().ToArray()
            .Zip(places.cpu().data<long>().ToArray(),
            (score, place) => new Candidate((int)(place / words), place % words, score));
        var next = new List<Candidate>();
        foreach (var (image, some) in candidates.Chunk(2 * beams).Index())
        {
            next.AddRange(done[image] ? Enumerable.Repeat(new Candidate(0, settings.PaddingId, 0), beams)
                : Sort(image, some, going, finished[image]));
            done[image] |= finished[image].AreFinal(some[0].Score, going.Length);
        }

        return going.Extended(next);
    }

    // Candidates that end a text are finished if they are among the best, the others go on.
    private List<Candidate> Sort(int image, Candidate[] candidates, GoingTexts going, BeamHypotheses finished)
    {
        var goOn = new List<Candidate>(beams);
        for (var rank = 0; goOn.Count < beams; rank++)
        {
            var candidate = candidates[rank];
            if (candidate.Word != settings.EndId)
            {
                goOn.Add(candidate);
            }
            else if (rank < beams)
            {
                finished.Add(going.Text(image, candidate.Beam), candidate.Score);
            }
        }

        return goOn;
    }

    private long[] Best(BeamHypotheses finished, GoingTexts going, int image, bool isDone)
    {
        for (var beam = 0; beam < beams && !isDone; beam++)
        {
            finished.Add(going.Text(image, beam), going.Score(image, beam));
        }

        return finished.Best();
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
            {
                ids[(row * width) + text.Length] = settings.EndId;
            }
        }

        return tensor(ids, [texts.Length, width], device: device);
    }
}

/// <summary>The texts that a beam search carries along: for each image as many as it has beams, all of one length.</summary>
internal sealed class GoingTexts
{
    private readonly int beams;
    private readonly long[][] texts;

    /// <summary>Begins with every image's prompt, <c>[B, n]</c>; all copies but the first start with the score
    /// <paramref name="copies"/>.</summary>
    public GoingTexts(Tensor prompts, int beams, float copies)
    {
        this.beams = beams;
        texts = [.. prompts.cpu().contiguous().data<long>().ToArray().Chunk((int)prompts.shape[1])
            .SelectMany(prompt => Enumerable.Repeat(prompt, beams))];
        Scores = [.. texts.Select((_, row) => row % beams == 0 ? 0 : copies)];
        Parents = [.. texts.Select((_, row) => (long)row)];
    }

    private GoingTexts(int beams, long[][] texts, float[] scores, long[] parents)
    {
        (this.beams, this.texts) = (beams, texts);
        (Scores, Parents) = (scores, parents);
    }

    /// <summary>Log-probability of each text.</summary>
    public float[] Scores { get; }

    /// <summary>The row of the text before, that each went on from.</summary>
    public long[] Parents { get; }

    /// <summary>Tokens of each text.</summary>
    public int Length => texts[0].Length;

    /// <summary>One text of an image.</summary>
    public long[] Text(int image, int beam) => texts[(image * beams) + beam];

    /// <summary>The log-probability of one text of an image.</summary>
    public float Score(int image, int beam) => Scores[(image * beams) + beam];

    /// <summary>The texts with one more word each, <c>beams</c> candidates an image in order.</summary>
    public GoingTexts Extended(IReadOnlyList<Candidate> candidates)
    {
        long[] parents = [.. candidates.Select((candidate, row) => (row / beams * beams) + (long)candidate.Beam)];
        return new GoingTexts(
            beams, [.. candidates.Select((candidate, row) => (long[])[.. texts[parents[row]], candidate.Word])],
            [.. candidates.Select(candidate => candidate.Score)], parents);
    }

    /// <summary>All tokens, <c>[B·beams, N]</c> int64.</summary>
    public Tensor Ids(Device device) => tensor(texts.SelectMany(text => text).ToArray(), [texts.Length, Length], device: device);

    /// <summary>The newest word of each text, <c>[B·beams]</c> int64.</summary>
    public Tensor LastWords(Device device) => tensor(texts.Select(text => text[^1]).ToArray(), device: device);
}

/// <summary>A word that could come next in a beam search.</summary>
/// <param name="Beam">Which of its image's texts it would go on from.</param>
/// <param name="Score">Log-probability of the text with it.</param>
internal readonly record struct Candidate(int Beam, long Word, float Score);

/// <summary>The best finished texts of one image in a beam search.</summary>
internal sealed class BeamHypotheses(GenerationSettings settings)
{
    private readonly List<(double Score, long[] Text)> finished = [];
    private double worst = 1e9;

    /// <summary>Adds a finished text, without its end, if it is among the best.</summary>
    public void Add(long[] text, double logProbability)
    {
        var score = Normalized(logProbability, text.Length);
        if (finished.Count >= settings.Beams && score <= worst)
        {
            return;
        }

        finished.Add((score, text));
        if (finished.Count > settings.Beams)
        {
            finished.Remove(finished.MinBy(one => one.Score));
            worst = finished.Min(one => one.Score);
        }
        else
        {
            worst = Math.Min(worst, score);
        }
    }

    /// <summary>Whether no text that goes on can be better than those that are finished.</summary>
    /// <param name="bestGoing">The highest log-probability among the step's candidates.</param>
    /// <param name="length">Tokens before the step's word.</param>
    public bool AreFinal(double bestGoing, int length) =>
        finished.Count >= settings.Beams && (settings.EarlyStopping || worst >= Normalized(bestGoing, length));

    /// <summary>The best text; of equally good ones the last that was found.</summary>
    public long[] Best() => finished.Aggregate((best, one) => one.Score >= best.Score ? one : best).Text;

    private double Normalized(double logProbability, int length) => logProbability / Math.Pow(length, settings.LengthPenalty);
}
