namespace Microsoft.ML.Tokenizers;

/// <summary>Rewrites text before it is split and encoded.</summary>
public abstract class Normalizer
{
    protected Normalizer()
    {
    }

    public abstract string Normalize(string original);

    public abstract string Normalize(ReadOnlySpan<char> original);
}
