using Madtp.Kit.Data.Json;

namespace Madtp.Kit.Data.Vqa;

/// <summary>BLIP's form: VQA entries list ten answers, Visual Genome's have one, test entries none.</summary>
internal sealed class BlipVqaSource(string path, string cocoFolder, string? visualGenomeFolder) : IVqaSource
{
    private readonly JsonIndex index = JsonIndex.Open(path);

    public int Count => index.Count;

    public VqaExample this[int number]
    {
        get
        {
            var record = index[number];
            var source = record.Has("dataset") ? record.Text("dataset") : "vqa";
            IReadOnlyList<string> given = source == "vqa" && record.Has("answer") ? record.Texts("answer") : [];
            var (folder, answers) = source switch
            {
                "vqa" => (cocoFolder, VqaAnswer.Weigh(given)),
                "vg" => (VisualGenomeFolder(record), [new VqaAnswer(record.Text("answer"), VqaAnswer.VisualGenomeWeight)]),
                _ => throw record.Error($"\"dataset\" must be \"vqa\" or \"vg\", not \"{source}\""),
            };
            return new VqaExample(record.Number("question_id"), record.Text("question"), Path.Combine(folder, record.Text("image")), answers, source) { People = given.Count };
        }
    }

    public void Dispose() => index.Dispose();

    private string VisualGenomeFolder(JsonRecord record)
        => visualGenomeFolder ?? throw record.Error("a Visual Genome entry, but no folder of Visual Genome images was given");
}
