using FsCheck.Fluent;
using FsCheck;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

public class ToyCaptionsTests
{
    [Fact]
    public void A_caption_names_every_shape_as_often_as_it_is_there() => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var random = new SeededRandom((ulong)seed);
        var scene = ToyScene.Draw(random);
        var words = ToyCaptions.Say(scene, random).ToLowerInvariant().Replace(",", "", StringComparison.Ordinal).TrimEnd('.').Split(' ');
        var named = new List<string>();
        for (var i = 2; i < words.Length; i++)
        {
            if (ThingWords.Forms[0].Contains(words[i].TrimEnd('s')))
            {
                var number = words[i - 2] switch { "a" => 1, "two" => 2, "three" => 3, _ => 0 };
                named.AddRange(Enumerable.Repeat($"{words[i - 1]} {words[i].TrimEnd('s')}", number));
            }
        }

        return named.Order(StringComparer.Ordinal).SequenceEqual(scene.Objects.Select(item => item.Words.ToString()).Order(StringComparer.Ordinal));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(3, 7));

    [Fact]
    public void Relations_are_true_of_the_scene()
    {
        var checkedOnes = 0;
        for (ulong seed = 0; seed < 3000; seed++)
        {
            var random = new SeededRandom(seed);
            var scene = ToyScene.Draw(random);
            var caption = ToyCaptions.Say(scene, random);
            if (scene.Objects.Count == 2 && caption.Contains(" above ", StringComparison.Ordinal))
            {
                var upper = scene.Objects.MinBy(item => item.Y)!;
                Assert.StartsWith($"A {upper.Words} above", caption, StringComparison.Ordinal);
                checkedOnes++;
            }
        }

        Assert.True(checkedOnes > 20);
    }

    [Fact]
    public void Every_word_is_in_the_vocabulary()
    {
        var known = ToyTokens.Vocabulary.ToHashSet(StringComparer.Ordinal);
        var words = ToyPictures.DrawSplit("val").SelectMany(scene => scene.Captions)
            .SelectMany(caption => caption.ToLowerInvariant().Replace(",", " ,", StringComparison.Ordinal).Replace(".", " .", StringComparison.Ordinal).Split(' '));
        Assert.All(words.Distinct(), word => Assert.Contains(word, known));
    }

    [Fact]
    public void Held_out_scenes_all_show_other_shapes_and_have_their_captions()
    {
        var test = ToyPictures.DrawSplit("test");
        Assert.Equal(300, test.Length);
        Assert.Equal(300, test.Select(one => string.Join(' ', ((ToyScene)one.Scene).Objects.Select(item => item.Class).Order())).Distinct().Count());
        Assert.All(test, one => Assert.Equal(5, one.Captions.Count));
        Assert.Equal(test.SelectMany(one => one.Captions), ToyPictures.DrawSplit("test").SelectMany(one => one.Captions));
    }

    [Fact]
    public void A_split_of_more_scenes_than_there_are_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => ToyPictures.DrawSplit("test", new ToyCaptionSettings(TestImages: 900)));
        Assert.Contains("815", error.Message, StringComparison.Ordinal);
    }
}
