using Madtp.Kit.Data.Toy;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

public class ToyPictureTests
{
    private static readonly DrawnPicture[] Pictures = ToyPictures.DrawSplit("train", new ToyCaptionSettings(Seed: 7, TrainImages: 1500), firstId: 1);

    [Fact]
    public void Captions_name_what_the_scene_holds_and_nothing_else()
    {
        foreach (var picture in Pictures)
        {
            Assert.Equal(5, picture.Captions.Count);
            foreach (var caption in picture.Captions)
            {
                var words = caption.ToLowerInvariant().TrimEnd('.').Split(' ', ',', ':');
                Assert.All(words.Where(w => ThingWords.Colors.Contains(w)),
                    w => Assert.Contains(((ToyScene)picture.Scene).Objects, o => ThingWords.Colors[o.Color] == w));
                Assert.All(words.Where(w => Enum.GetNames<ToyGround>().Contains(w, StringComparer.OrdinalIgnoreCase)),
                    w => Assert.Equal(picture.Scene.Ground.ToString().ToLowerInvariant(), w));
            }
        }
    }

    [Fact]
    public void Answers_are_what_the_scene_shows()
    {
        // Read from the words, independently of the code that asked.
        var seen = new HashSet<string>();
        foreach (var (picture, question) in Pictures.SelectMany(p => p.Questions.Select(q => (p, q))))
        {
            var objects = ((ToyScene)picture.Scene).Objects;
            var words = question.Text.ToLowerInvariant().TrimEnd('?').Split(' ');
            bool Fits(ToyObject o, IEnumerable<string> said) => said.All(w =>
                (!ThingWords.Colors.Contains(w) || w == ThingWords.Colors[o.Color])
                && (!ThingWords.Forms[0].Contains(w.TrimEnd('s')) || w.TrimEnd('s') == ThingWords.Forms[0][o.Form]));
            var expected = question.QuestionType switch
            {
                "what color is the" => ThingWords.Colors[objects.Single(o => Fits(o, words)).Color],
                "what is the" => ThingWords.Forms[0][objects.Single(o => Fits(o, words)).Form],
                "how many" => $"{objects.Count(o => Fits(o, words))}",
                "is there a" => objects.Any(o => Fits(o, words)) ? "yes" : "no",
                "what" => picture.Scene.Ground.ToString().ToLowerInvariant(),
                "is the" or "what is" => Placed(objects, words, question),
                _ => throw new InvalidOperationException(question.QuestionType),
            };
            Assert.True(expected == question.Answer, $"{question.Text} {question.Answer}, not {expected}: {string.Join(", ", objects)}");
            seen.Add(question.QuestionType);
        }

        Assert.Equal(7, seen.Count);
    }

    [Theory]
    [InlineData("is there a")]
    [InlineData("is the")]
    public void Yes_and_no_are_equally_frequent(string type)
    {
        var answers = Pictures.SelectMany(p => p.Questions).Where(q => q.QuestionType == type).Select(q => q.Answer).ToArray();
        Assert.True(answers.Length > 100, $"{answers.Length}");
        Assert.InRange(answers.Count(a => a == "yes") / (double)answers.Length, 0.4, 0.6);
    }

    [Fact]
    public void Ten_people_answer_and_most_are_right() => Assert.All(Pictures.SelectMany(p => p.Questions), q =>
    {
        Assert.Equal(10, q.Answers.Count);
        Assert.InRange(q.Answers.Count(a => a == q.Answer), 8, 10);
    });

    [Fact]
    public void Vocabulary_knows_every_word()
    {
        var known = ToyTokens.Vocabulary.ToHashSet();
        var texts = Pictures.SelectMany(p => p.Captions.Concat(p.Questions.SelectMany(q => q.Answers.Prepend(q.Text))));
        var words = texts.SelectMany(t => t.ToLowerInvariant().Replace(".", " .").Replace(",", " ,").Replace(":", " :").Replace("?", " ?").Split(' ')).Distinct();
        Assert.DoesNotContain(words, w => !known.Contains(w));
    }

    private static string Placed(IReadOnlyList<ToyObject> objects, string[] words, ToyQuestion question)
    {
        var the = words.Index().Where(w => w.Item == "the" && w.Index + 2 < words.Length).Select(w => words[(w.Index + 1)..(w.Index + 3)]).Where(w => ThingWords.Colors.Contains(w[0])).ToArray();
        ToyObject Find(string[] said) => objects.Single(o => ThingWords.Colors[o.Color] == said[0] && ThingWords.Forms[0][o.Form] == said[1]);
        bool IsThere(ToyObject a, ToyObject b) => words.Contains("above") ? a.Y < b.Y : words.Contains("below") ? a.Y > b.Y : words.Contains("left") ? a.X < b.X : a.X > b.X;
        if (question.QuestionType == "is the")
            return IsThere(Find(the[0]), Find(the[1])) ? "yes" : "no";

        // Exactly the named object must lie most clearly in that direction.
        var second = Find(the[0]);
        var isVertical = words.Contains("above") || words.Contains("below");
        var inDirection = objects.Where(o => o != second && IsThere(o, second)
            && (isVertical ? Math.Abs(o.Y - second.Y) > Math.Abs(o.X - second.X) : Math.Abs(o.X - second.X) > Math.Abs(o.Y - second.Y)));
        return string.Join(" and ", inDirection.Select(o => o.Words.ToString()));
    }
}
