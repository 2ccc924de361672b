using Madtp.Kit.Data.Json;

namespace Madtp.Kit.Data.Vqa;

/// <summary>Visual Genome's question_answers.json: an array of images, each with its questions ("qas").</summary>
internal sealed class VisualGenomeSource : IVqaSource
{
    private readonly string imageFolder;
    private readonly JsonIndex images;
    private readonly int[] firstOf; // the number of each image's first question; the last entry is the number of questions

    public VisualGenomeSource(string path, string imageFolder)
    {
        this.imageFolder = imageFolder;
        var first = new List<int> { 0 };
        images = JsonIndex.Open(path, property: null, (_, json) => first.Add(first[^1] + Questions(json)));
        firstOf = [.. first];
    }

    public int Count => firstOf[^1];

    public VqaExample this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);

            // Images without questions have their successor's number: the last of equals is the one that has the question.
            var image = Array.BinarySearch(firstOf, index);
            image = image < 0 ? ~image - 1 : image;
            while (firstOf[image + 1] <= index)
            {
                image++;
            }

            var question = images[image].Records("qas")[index - firstOf[image]];
            return new VqaExample(
                question.Number("qa_id"),
                question.Text("question"),
                ImagePath(question.Number("image_id")),
                [new VqaAnswer(question.Text("answer"), VqaAnswer.VisualGenomeWeight)],
                "vg");
        }
    }

    public void Dispose() => images.Dispose();

    private string ImagePath(long id)
    {
        string[] candidates = [Path.Combine(imageFolder, "VG_100K", $"{id}.jpg"), Path.Combine(imageFolder, "VG_100K_2", $"{id}.jpg"), Path.Combine(imageFolder, $"{id}.jpg")];
        return candidates.FirstOrDefault(File.Exists) ?? candidates[^1];
    }

    // Every question has one "qa_id"; counting them is all that opening takes.
    private static int Questions(ReadOnlySpan<byte> json) => json.Count("\"qa_id\""u8);
}
