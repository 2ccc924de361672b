using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Pruning;
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
        var model = recipe.From is null ? ToyCaption.Create(recipe.Training.Seed) : ToyCaption.Continue(recipe.From, recipe.Training.Seed);
        var (train, validation) = (ToyCaptionedImages.DrawForCaptioning("train", recipe.World), ToyCaptionedImages.DrawForCaptioning("val", recipe.World));
        var task = new CaptionTask(model, train, validation, ToyLanguage.Captions, recipe.Task, recipe.Method, ToyObject.Classes);
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
        var model = recipe.From is null ? ToyVqa.Create(recipe.Training.Seed) : ToyVqa.Continue(recipe.From, recipe.Training.Seed);
        var (train, validation) = (ToyQuestionedImages.Draw("train", recipe.World), ToyQuestionedImages.Draw("val", recipe.World));
        var task = new VqaTask(model, train, validation, ToyLanguage.Answers(recipe.World), recipe.Task, recipe.Method, ToyObject.Classes);
        return new ToyRun(model, task, null, (split, _, shuffle) =>
        {
            using var data = ToyQuestionedImages.Draw(split, recipe.World);
            return task.Evaluate(data, split, shuffle);
        }, task, train, validation, model);
    }

    /// <summary>A trained captioner.</summary>
    public static ToyRun OpenCaption(string path)
    {
        var loaded = ToyCaption.Load(path);
        return new ToyRun(loaded.Model, null, loaded.Temperature, (split, reduction, shuffle) =>
        {
            using var data = ToyCaptionedImages.DrawForCaptioning(split);
            return CaptionEvaluator.Evaluate(loaded.Model, data, split, ToyLanguage.Captions, reduction, shuffle);
        }, loaded.Model);
    }

    /// <summary>A trained VQA model.</summary>
    public static ToyRun OpenVqa(string path)
    {
        var loaded = ToyVqa.Load(path);
        return new ToyRun(loaded.Model, null, loaded.Temperature, (split, reduction, shuffle) =>
        {
            using var data = ToyQuestionedImages.Draw(split);
            return VqaEvaluator.Evaluate(loaded.Model, data, split, ToyLanguage.Answers(), reduction, shuffle);
        }, loaded.Model);
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
}
