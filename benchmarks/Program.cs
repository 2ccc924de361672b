using Madtp.Kit.Benchmarks;

return args switch
{
    ["memory", .. var rest] => MemoryFlat.Run(rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 10_000),
    ["calls"] => CallOverhead.Run(),
    _ => Help(),
};

static int Help()
{
    Console.WriteLine("""
        Madtp.Kit.Benchmarks VERB
          memory [STEPS]   trains a small model for STEPS steps (10,000) and shows that resident memory stays flat
          calls            what one operator call costs beside PyTorch's Python binding
        """);
    return 2;
}
