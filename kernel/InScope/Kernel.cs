using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;
using Notebook = Madtp.Kit.Kernel.Output.Notebook;

namespace Microsoft.DotNet.Interactive;

/// <summary>What a cell may call without a using: the static members of .NET Interactive's class of the same name.</summary>
public static class Kernel
{
    /// <summary>Shows a value below the cell.</summary>
    /// <param name="value">Any value.</param>
    /// <param name="mimeTypes">The forms to show it in; by default those the value prefers.</param>
    /// <returns>A handle whose <see cref="DisplayedValue.Update"/> replaces what is shown.</returns>
    public static DisplayedValue display(object? value, params string[] mimeTypes) => value.Display(mimeTypes);

    /// <summary>Marks text as HTML, so that it is shown as such.</summary>
    public static IHtmlContent HTML(string content) => new HtmlString(content);

    /// <summary>Adds a style sheet to the page, where the front end allows it.</summary>
    public static void CSS(string content) => new HtmlString($"<style>{content}</style>").Display();

    /// <summary>Runs a script in the page, where the front end allows it.</summary>
    public static void Javascript(string scriptContent) =>
        new HtmlString($"<script type=\"text/javascript\">{scriptContent}</script>").Display();

    /// <summary>Asks the person at the front end for a line of text.</summary>
    /// <param name="prompt">What to ask.</param>
    /// <param name="typeHint">What kind of text; "password" is not shown as it is typed.</param>
    public static Task<string> GetInputAsync(string prompt = "", string typeHint = "text") =>
        Task.FromResult(Notebook.Current.Ask(prompt, hidden: typeHint == "password"));

    /// <summary>
    /// As <see cref="GetInputAsync"/>; the front end does not show what is typed, nor does the answer show itself.
    /// </summary>
    public static Task<PasswordString> GetPasswordAsync(string prompt = "") =>
        Task.FromResult(new PasswordString(Notebook.Current.Ask(prompt, hidden: true)));
}
