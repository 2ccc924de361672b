using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class BlipVqaTests
{
    private static readonly int[] Lengths = [12, 5, 8];

    [Fact]
    public void Ranking_all_candidates_finds_the_likeliest()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6, 3, 5);
        var encoding = model.Read(images, ids, mask);
        var ranked = model.Rank(encoding, candidates, 5);
        var expected = Likelihoods(model, encoding, candidates); // [3, 5]
        Assert.Equal(expected.argmax(1).data<long>().ToArray(), ranked.Best.data<long>().ToArray());
        Same(expected, zeros(3, 5).scatter(1, ranked.Candidates, ranked.Scores));
    }

    [Fact]
    public void Only_k_candidates_with_the_likeliest_first_word_are_read()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6, 3, 5);
        var encoding = model.Read(images, ids, mask);
        var ranked = model.Rank(encoding, candidates, 2);
        Assert.Equal([3, 2], ranked.Candidates.shape);
        var begin = full([3, 1], 3, dtype: int64);
        var first = model.TextDecoder.Forward(begin, null, ImageContext.Of(encoding.Question)).select(1, 0).index_select(1, candidates.Ids.select(1, 1));
        Assert.Equal(first.topk(2, 1).indexes.data<long>().ToArray(), ranked.Candidates.data<long>().ToArray());
        for (var question = 0; question < 3; question++)
            Assert.Equal(ranked.Candidates[question, ranked.Scores[question].argmax().item<long>()].item<long>(), ranked.Best[question].item<long>());
    }

    [Fact]
    public void The_loss_weighs_each_answer_and_counts_by_question()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6);
        var encoding = model.Read(images, ids, mask);
        var each = -Likelihoods(model, encoding, candidates); // [3, 3]
        var answers = new VqaAnswers(candidates.Ids, candidates.Mask, tensor([0.3f, 1f, 0.6f]), tensor([0L, 2L, 2L]));
        var expected = ((0.3 * each[0, 0]) + each[2, 1] + (0.6 * each[2, 2])) / 3;
        Same(expected, model.Forward(images, ids, mask, answers).Loss);
    }

    [Fact]
    public void A_question_alone_is_answered_as_in_any_batch_in_Fixed_and_plain()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6, 3, 5);
        foreach (var policy in new[] { null, ReductionPolicy.Fixed })
        {
            using var reduction = policy is null ? null : TokenReduction.Attach(model, policy, 8);
            var together = model.Rank(model.Read(images, ids, mask), candidates, 5);
            for (var i = 0; i < 3; i++)
            {
                var own = ids[i].slice(0, 0, Lengths[i], 1).unsqueeze(0);
                var alone = model.Rank(model.Read(images[i].unsqueeze(0), own, ones(1, Lengths[i])), candidates, 5);
                Same(together.Scores[i], alone.Scores[0]);
            }
        }
    }

    [Fact]
    public void Where_padding_counts_a_question_of_one_length_is_answered_alone_as_in_any_batch()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6, 3, 5);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed with { ExcludePadding = false }, 8);
        var read = model.Read(images, ids, mask);
        Assert.NotNull(read.Question.Filled);
        var together = model.Rank(read, candidates, 5);
        for (var i = 0; i < 3; i++)
        {
            var (image, id, own) = (images[i].unsqueeze(0), ids[i].unsqueeze(0), mask[i].unsqueeze(0));
            Same(together.Scores[i], model.Rank(model.Read(image, id, own), candidates, 5).Scores[0]);
        }
    }

    [Fact]
    public void The_released_decoder_reads_padding_as_words()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6);
        var plain = model.Rank(model.Read(images, ids, mask), candidates, 3).Scores;
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released, 0);
        var released = model.Rank(model.Read(images, ids, mask), candidates, 3).Scores;
        Same(plain[0], released[0]); // nothing is padded in the longest question
        Assert.False(plain[1].allclose(released[1], 1e-4, 1e-4));
    }

    [Fact]
    public void Alignment_is_gathered_from_image_and_question()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var candidates = Candidates(7, 2, 4, 6);
        var answers = new VqaAnswers(candidates.Ids, candidates.Mask, ones(3), arange(3, dtype: int64));
        Assert.Null(AlignmentLoss.Of(model.Forward(images, ids, mask, answers).Aligned));
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 8);
        AlignmentLoss.Of(model.Forward(images, ids, mask, answers).Aligned)!.backward();
        Assert.True(model.named_parameters().Single(p => p.name == "space_dict").parameter.grad!.norm().item<float>() > 0);
    }

    [Fact]
    public void Generated_answers_begin_with_the_decoders_token()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var texts = model.Generate(model.Read(images, ids, mask), GenerationSettings.Answer with { EndId = 2 });
        Assert.Equal([3L, 3L, 3L], texts.select(1, 0).contiguous().data<long>().ToArray());
        Assert.InRange(texts.shape[1], 2, 10);
    }

    [Fact]
    public void Nothing_to_choose_from_is_refused()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (images, ids, mask) = Batch(4, Lengths);
        var encoding = model.Read(images, ids, mask);
        Assert.Contains("nothing to answer", Assert.Throws<ArgumentException>(() => model.Rank(encoding, Candidates(7, 2, 4), 0)).Message, StringComparison.Ordinal);
    }

    // Log-likelihood of every candidate for every question, each read alone.
    private static Tensor Likelihoods(BlipVqa model, VqaEncoding encoding, AnswerCandidates candidates)
    {
        var all = new List<float>();
        for (var question = 0; question < encoding.Question.X.shape[0]; question++)
        {
            var length = (long)encoding.Question.Mask![question].sum().item<float>();
            var read = new ImageContext(encoding.Question.X.slice(0, question, question + 1, 1).slice(1, 0, length, 1));
            for (var answer = 0; answer < candidates.Ids.shape[0]; answer++)
            {
                var words = (long)candidates.Mask[answer].sum().item<float>();
                var ids = candidates.Ids.slice(0, answer, answer + 1, 1).slice(1, 0, words, 1);
                all.Add(-LanguageModelLoss.PerText(model.TextDecoder.Forward(ids, null, read), ids).item<float>());
            }
        }

        return tensor(all.ToArray(), [encoding.Question.X.shape[0], candidates.Ids.shape[0]]);
    }

    private static BlipVqa Model()
    {
        manual_seed(3);
        var model = new BlipVqa(TinyModels.Config with { DecodeId = 3 });
        using var off = no_grad();
        foreach (var parameter in model.TextEncoder.parameters().Concat(model.TextDecoder.parameters()).Where(p => p.ndim == 2))
        {
            parameter.mul_(12); // random weights of deviation 0.02 say the same to every question
        }

        model.eval();
        return model;
    }

    private static (Tensor Images, Tensor Ids, Tensor Mask) Batch(int seed, int[] lengths)
    {
        var (images, ids, mask) = TinyModels.Batch(seed, lengths);
        return (images.slice(0, 0, lengths.Length, 1), ids, mask);
    }

    private static AnswerCandidates Candidates(int seed, params int[] lengths)
    {
        var (_, ids, mask) = TinyModels.Batch(seed, lengths);
        return new AnswerCandidates(cat([full([lengths.Length, 1], 3, dtype: int64), ids], 1), cat([ones(lengths.Length, 1), mask], 1));
    }

    private static void Same(Tensor expected, Tensor actual) =>
        Assert.True(expected.allclose(actual, 1e-4, 1e-4), $"largest difference {(expected - actual).abs().max().item<float>()}");
}
