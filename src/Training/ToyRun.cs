using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>A toy captioner or VQA model with all that it is trained or scored with.</summary>
public sealed class ToyRun : IDisposable
{
    private readonly Func<string, TokenReduction?, bool, Evaluation> score;
    private readonly IReadOnlyList<IDisposable> owned;

    private ToyRun(nn.Module model, BudgetTask? task, double? temperature, Func<string, TokenReduction?, bool, Evaluation> score, params IDisposable[] owned)
    {
        (Model, Task, Temperature) = (model, task, temperature);
        (this.score, this.owned) = (score, owned);
    }

    /// <summary>The model.</summary>
    public nn.Module Model { get; }

    /// <summary>The model as token reduction sees it.</summary>
    public IReducibleModel Reducible => (IReducibleModel)Model;

    /// <summary>What is trained; null where weights were opened for scoring.</summary>
    public BudgetTask? Task { get; }

    /// <summary>T that the opened weights met their budget at; null for plain ones.</summary>
    public double? Temperature { get; }

    /// <summary>A captioner to be trained.</summary>
    public static ToyRun Caption(ToyRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var model = Captioner(recipe);
        var (train, validation) = (ToyCaptionedImages.DrawForCaptioning("train", recipe.World), ToyCaptionedImages.DrawForCaptioning("val", recipe.World));
        var task = NewTask(recipe, model, train, validation);
        return new ToyRun(model, task, null, (split, _, shuffle) =>
        {
            using var data = ToyCaptionedImages.DrawForCaptioning(split, recipe.World);
            return task.Evaluate(data, split, shuffle);
        }, task, train, validation, model);
    }

    /// <summary>A VQA model to be trained.</summary>
    public static ToyRun Vqa(ToyRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var model = Answerer(recipe);
        var (train, validation) = (ToyQuestionedImages.Draw("train", recipe.World), ToyQuestionedImages.Draw("val", recipe.World));
        var task = NewTask(recipe, model, train, validation);
        return new ToyRun(model, task, null, (split, _, shuffle) =>
        {
            using var data = ToyQuestionedImages.Draw(split, recipe.World);
            return task.Evaluate(data, split, shuffle);
        }, task, train, validation, model);
    }

    /// <summary>A captioner that parameters are taken out of; null where the training was stopped.</summary>
    public static ToyRun? CompressCaption(ToyRecipe recipe, UPopRun run)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(run);
        using var model = Captioner(recipe);
        using var train = ToyCaptionedImages.DrawForCaptioning("train", recipe.World);
        using var validation = ToyCaptionedImages.DrawForCaptioning("val", recipe.World);
        return run.Compress(PrunableFamilies.Caption, model, one => NewTask(recipe, one, train, validation)) is { } smaller ? Scored(smaller, null, recipe.World) : null;
    }

    /// <summary>A VQA model that parameters are taken out of; null where the training was stopped.</summary>
    public static ToyRun? CompressVqa(ToyRecipe recipe, UPopRun run)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(run);
        using var model = Answerer(recipe);
        using var train = ToyQuestionedImages.Draw("train", recipe.World);
        using var validation = ToyQuestionedImages.Draw("val", recipe.World);
        return run.Compress(PrunableFamilies.Vqa, model, one => NewTask(recipe, one, train, validation)) is { } smaller ? Scored(smaller, null, recipe.World) : null;
    }

    /// <summary>A trained captioner.</summary>
    public static ToyRun OpenCaption(string path)
    {
        var loaded = ToyCaption.Load(path);
        return Scored(loaded.Model, loaded.Temperature, ToyRecipe.Caption.World);
    }

    /// <summary>A trained VQA model.</summary>
    public static ToyRun OpenVqa(string path)
    {
        var loaded = ToyVqa.Load(path);
        return Scored(loaded.Model, loaded.Temperature, ToyRecipe.Vqa.World);
    }

    /// <summary>
    /// Scores the model on a split.
    /// </summary>
    /// <param name="split"><c>val</c> or <c>test</c>.</param>
    /// <param name="shuffle">Gives every example another's image.</param>
    /// <param name="reduction">The reduction attached to an opened model; a model in training is scored with its own.</param>
    public Evaluation Score(string split, bool shuffle, TokenReduction? reduction = null) => score(split, reduction, shuffle);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in owned)
        {
            one.Dispose();
        }
    }

    private static BlipCaptioner Captioner(ToyRecipe recipe) =>
        recipe.From is null ? ToyCaption.Create(recipe.Training.Seed) : ToyCaption.Continue(recipe.From, recipe.Training.Seed);

    private static BlipVqa Answerer(ToyRecipe recipe) =>
        recipe.From is null ? ToyVqa.Create(recipe.Training.Seed) : ToyVqa.Continue(recipe.From, recipe.Training.Seed);

    private static CaptionTask NewTask(ToyRecipe recipe, BlipCaptioner model, CaptionedImages train, CaptionedImages validation) =>
        new(model, train, validation, ToyLanguage.Captions, recipe.Task, recipe.Method, ToyObject.Classes);

    private static VqaTask NewTask(ToyRecipe recipe, BlipVqa model, QuestionedImages train, QuestionedImages validation) =>
        new(model, train, validation, ToyLanguage.Answers(recipe.World), recipe.Task, recipe.Method, ToyObject.Classes);

    private static ToyRun Scored(BlipCaptioner model, double? temperature, ToyCaptionSettings world) => new(model, null, temperature, (split, reduction, shuffle) =>
    {
        using var data = ToyCaptionedImages.DrawForCaptioning(split, world);
        return CaptionEvaluator.Evaluate(model, data, split, ToyLanguage.Captions, reduction, shuffle);
    }, model);

    private static ToyRun Scored(BlipVqa model, double? temperature, ToyCaptionSettings world) => new(model, null, temperature, (split, reduction, shuffle) =>
    {
        using var data = ToyQuestionedImages.Draw(split, world);
        return VqaEvaluator.Evaluate(model, data, split, ToyLanguage.Answers(world), reduction, shuffle);
    }, model);
}
