using System.CommandLine;
using Madtp.Kit.Cli;

// One verb, one file in Verbs/. Exit codes: 0 done, 1 the answer is no (a check failed), 2 the input could not be used.
var root = new RootCommand("Madtp.Kit: token reduction for vision-language transformers, reproducible and teachable.");
foreach (var verb in VerbList.All)
{
    root.Subcommands.Add(verb());
}

return await CommandLine.InvokeAsync(root, args);
