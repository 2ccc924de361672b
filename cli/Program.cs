using System.CommandLine;
using System.CommandLine.Help;
using Madtp.Kit.Cli;

// One verb, one file in Verbs/. Exit codes: 0 done, 1 the answer is no (a check failed), 2 the input could not be used.
// A plain command rather than a RootCommand, which would show the assembly's name instead of what the user types.
var root = new Command("./kit", "Madtp.Kit: token reduction for vision-language transformers, reproducible and teachable.");
root.Options.Add(new HelpOption { Recursive = true });
foreach (var verb in VerbList.All)
{
    root.Subcommands.Add(verb());
}

return await CommandLine.InvokeAsync(root, args);
