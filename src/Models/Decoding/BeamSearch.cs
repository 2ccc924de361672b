using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

/// <summary>
/// Beam search: carries the likeliest texts of each image along, two candidates a beam in every step, so that ends of texts
/// never crowd out those that go on.
/// </summary>
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
            scores = model.Next(going.LastWords(prompts.device), tensor(going.Parents, device: prompts.device)).MoveToOuterDisposeScope();
        }

        return Padded([.. finished.Select((texts, image) => Best(texts, going, image, done[image]))], prompts.device);
    }

    private GoingTexts Advance(GoingTexts going, Tensor scores, BeamHypotheses[] finished, bool[] done)
    {
        var words = scores.shape[1];
        var ruled = WordRules.Apply(scores.to(float32).log_softmax(1), going.Ids(scores.device), settings); // [B·beams, V]
        var total = (ruled + tensor(going.Scores, device: scores.device).unsqueeze(1)).view(finished.Length, beams * words);
        var (values, places) = total.topk(2 * beams, 1);
        var candidates = values.cpu().data<float>().ToArray().Zip(places.cpu().data<long>().ToArray(), (score, place) => new Candidate((int)(place / words), place % words, score));
        var next = new List<Candidate>();
        foreach (var (image, some) in candidates.Chunk(2 * beams).Index())
        {
            next.AddRange(done[image] ? Enumerable.Repeat(new Candidate(0, settings.PaddingId, 0), beams) : Sort(image, some, going, finished[image]));
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
