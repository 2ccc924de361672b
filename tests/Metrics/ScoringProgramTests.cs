using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

/// <summary>METEOR and SPICE are spoken to as their official programs want it; here a script answers for them.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ScoringProgramTests : IDisposable
{
    private static readonly TokenizedCaption[] Images = [new(1, "a dog", ["the dog", "a cat"]), new(2, "two  men|||", ["men"])];
    private readonly TemporaryFolder folder = new();
    private readonly string? before = Environment.GetEnvironmentVariable("KIT_JAVA");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("KIT_JAVA", before);
        folder.Dispose();
    }

    [Fact]
    public void Meteor_is_asked_for_each_caption_and_then_for_all()
    {
        Answer("""
            echo "$@" > "$PWD/arguments"
            while IFS= read -r line; do
              echo "$line" >> "$PWD/asked"
              case "$line" in
                SCORE*) echo "1 2 3" ;;
                EVAL*) echo 0.25; echo 0.5; echo 0.4 ;;
              esac
            done
            """);
        var scores = CaptionPrograms.Meteor(folder.Write("meteor.jar", ""), Images);
        Assert.Equal(0.4, scores.Corpus);
        Assert.Equal([0.25, 0.5], scores.PerImage);
        Assert.Equal(["SCORE ||| the dog ||| a cat ||| a dog", "SCORE ||| men ||| two men", "EVAL ||| 1 2 3 ||| 1 2 3"], File.ReadAllLines(Path.Combine(folder.Path, "asked")));
        Assert.EndsWith("- - -stdio -l en -norm", File.ReadAllText(Path.Combine(folder.Path, "arguments")).Trim());
    }

    [Fact]
    public void Spice_is_given_a_file_and_answers_in_one()
    {
        Answer("""
            cp "$4" "$PWD/asked"
            echo '[{"image_id": 2, "scores": {"All": {"f": 0.5}}}, {"image_id": 1, "scores": {"All": {"f": 0.1}}}]' > "$8"
            """);
        var scores = CaptionPrograms.Spice(folder.Write("spice.jar", ""), Images);
        Assert.Equal(0.3, scores.Corpus, 12);
        Assert.Equal([0.1, 0.5], scores.PerImage);
        Assert.Contains("\"refs\":[\"the dog\",\"a cat\"]", File.ReadAllText(Path.Combine(folder.Path, "asked")));
    }

    [Fact]
    public void What_a_program_complains_of_is_passed_on()
    {
        Answer("""
            echo "out of memory" >&2
            exit 3
            """);
        var jar = folder.Write("program.jar", "");
        Assert.Contains("out of memory", Assert.Throws<InvalidDataException>(() => CaptionPrograms.Meteor(jar, Images)).Message);
        Assert.Contains("out of memory", Assert.Throws<InvalidDataException>(() => CaptionPrograms.Spice(jar, Images)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("{\"image_id\": 1}")]
    [InlineData("[{\"image_id\": 1, \"scores\": {\"Relation\": {\"f\": 0.5}}}]")]
    [InlineData("[{\"image_id\": \"one\", \"scores\": {\"All\": {\"f\": 0.5}}}]")]
    public void What_Spice_writes_that_is_no_scores_is_told(string written)
    {
        Answer($"echo '{written}' > \"$8\"");
        var error = Assert.Throws<InvalidDataException>(() => CaptionPrograms.Spice(folder.Write("spice.jar", ""), Images));
        Assert.StartsWith("SPICE's program wrote", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Spice_may_have_nothing_to_compare()
    {
        Answer("""echo '[{"image_id": 1, "scores": {"All": {"f": null}}}, {"image_id": 2, "scores": {"All": {"f": "NaN"}}}]' > "$8" """);
        Assert.Equal([double.NaN, double.NaN], CaptionPrograms.Spice(folder.Write("spice.jar", ""), Images).PerImage);
    }

    [Fact]
    public void A_missing_program_and_a_missing_Java_are_named()
    {
        Assert.Contains("nowhere.jar", Assert.Throws<FileNotFoundException>(() => CaptionPrograms.Meteor("nowhere.jar", Images)).Message);
        Environment.SetEnvironmentVariable("KIT_JAVA", "/no/such/java");
        Assert.Contains("KIT_JAVA", Assert.Throws<InvalidDataException>(() => CaptionPrograms.Spice(folder.Write("spice.jar", ""), Images)).Message);
    }

    private void Answer(string script)
    {
        var path = folder.Write("java", "#!/bin/bash\n" + script + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("KIT_JAVA", path);
    }
}
