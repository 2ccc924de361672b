using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class BlipCaptionerTests
{
    private static readonly GenerationSettings Beam = new() { EndId = 2, MaxLength = 12, MinLength = 4 };

    [Fact]
    public void A_step_with_cached_words_scores_as_the_whole_text_does()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, _) = Batch(5, 9, 9, 9);
        var read = ImageContext.Of(model.VisualEncoder.forward(images));
        var whole = model.TextDecoder.Forward(ids, null, read);
        using var cached = new CachedDecoder(model.TextDecoder, read);
        Same(whole.select(1, 3), cached.Begin(ids.slice(1, 0, 4, 1)));
        for (var i = 4; i < 9; i++)
            Same(whole.select(1, i), cached.Next(ids.select(1, i), null));
    }

    [Fact]
    public void Texts_that_share_an_image_score_as_with_copies_of_it_wherever_the_search_moves_them()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, _, _) = Batch(5, 2, 2);
        var (_, ids, _) = Batch(6, 5, 5, 5, 5);
        var read = ImageContext.Of(model.VisualEncoder.forward(images));
        using var cached = new CachedDecoder(model.TextDecoder, read);
        cached.Begin(ids.slice(1, 0, 3, 1));
        var rows = tensor([1L, 1L, 3L, 2L]);
        var moved = cached.Next(ids.select(1, 3), rows);
        var texts = cat([ids.slice(1, 0, 3, 1).index_select(0, rows), ids.slice(1, 3, 4, 1)], 1);
        var copies = new ImageContext(read.Tokens.index_select(0, tensor([0L, 0L, 1L, 1L])));
        Same(model.TextDecoder.Forward(texts, null, copies).select(1, 3), moved);
    }

    [Fact]
    public void Words_do_not_see_later_words_nor_padding()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(5, 9, 6);
        var logits = model.Forward(images, ids, mask, 2).Logits;
        var changed = ids.clone();
        changed[0, 7] = 5 + ((ids[0, 7].item<long>() + 1) % 30);
        changed[1, 8] = 7; // padding
        var again = model.Forward(images, changed, mask, 2).Logits;
        Same(logits[0].slice(0, 0, 7, 1), again[0].slice(0, 0, 7, 1));
        Same(logits[1].slice(0, 0, 6, 1), again[1].slice(0, 0, 6, 1));
        Assert.False(logits[0, 7].allclose(again[0, 7], 1e-3, 1e-3));
    }

    [Fact]
    public void The_prompt_is_not_learned_and_padding_neither()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Batch(5, 9, 6);
        var output = model.Forward(images, ids, mask, 3);
        var log = output.Logits.log_softmax(2);
        double sum = 0;
        var words = 0;
        foreach (var (row, length) in new[] { (0, 9), (1, 6) })
        {
            for (var i = 3; i < length; i++, words++)
            {
                var at = log[row, i - 1];
                sum -= (0.9 * at[ids[row, i].item<long>()].item<float>()) + (0.1 * at.mean().item<float>());
            }
        }

        Assert.Equal(sum / words, output.Loss.item<float>(), 4);
    }

    [Fact]
    public void Captions_of_a_reduced_model_do_not_depend_on_batch_mates_in_Fixed()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (images, _, _) = Batch(5, 2, 2, 2);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 20);
        using var trace = reduction.Record();
        var together = model.Generate(images, tensor([3L, 5L]), Beam);
        Assert.Contains(trace.Steps, step => step.TokensPerSample.Distinct().Count() > 1);
        for (var i = 0; i < 3; i++)
        {
            var alone = model.Generate(images.slice(0, i, i + 1, 1), tensor([3L, 5L]), Beam)[0];
            var shared = Math.Min(alone.shape[0], together.shape[1]);
            Assert.Equal(alone.slice(0, 0, shared, 1).data<long>().ToArray(), together[i].slice(0, 0, shared, 1).data<long>().ToArray());
        }
    }

    [Fact]
    public void Nothing_is_aligned_but_the_image_encoder_alone_is_reduced()
    {
        using var model = Model();
        Assert.Equal(["visual_encoder"], model.ReducibleEncoders.Select(encoder => encoder.Name));
    }

    [Fact]
    public void The_word_table_is_trained_once_and_known_by_both_its_names()
    {
        using var model = Model();
        var parameters = model.named_parameters().Select(p => p.name).ToArray();
        var state = model.state_dict();
        Assert.Contains("text_decoder.bert.embeddings.word_embeddings.weight", parameters);
        Assert.DoesNotContain(parameters, name => name.Contains("predictions.decoder", StringComparison.Ordinal));
        using var off = no_grad();
        state["text_decoder.cls.predictions.decoder.weight"].fill_(0.25);
        Assert.Equal(0.25f, state["text_decoder.bert.embeddings.word_embeddings.weight"][3, 3].item<float>());
    }

    [Fact]
    public void Images_and_captions_must_be_pairs()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (images, ids, mask) = Batch(5, 9, 6);
        Assert.Contains("not pairs", Assert.Throws<ArgumentException>(() => model.Forward(images.slice(0, 0, 1, 1), ids, mask, 1)).Message, StringComparison.Ordinal);
    }

    private static BlipCaptioner Model()
    {
        manual_seed(3);
        var model = new BlipCaptioner(TinyModels.Config);
        using var off = no_grad();
        foreach (var parameter in model.TextDecoder.parameters().Where(p => p.ndim == 2))
        {
            parameter.mul_(12); // random weights of deviation 0.02 say the same to every image
        }

        model.eval();
        return model;
    }

    private static (Tensor Images, Tensor Ids, Tensor Mask) Batch(int seed, params int[] lengths)
    {
        var (images, ids, mask) = TinyModels.Batch(seed, lengths);
        return (images.slice(0, 0, lengths.Length, 1), ids, mask);
    }

    private static void Same(Tensor expected, Tensor actual) =>
        Assert.True(expected.allclose(actual, 1e-4, 1e-4), $"largest difference {(expected - actual).abs().max().item<float>()}");
}
