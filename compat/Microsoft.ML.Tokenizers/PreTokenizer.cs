namespace Microsoft.ML.Tokenizers;

/// <summary>Splits text into the pieces that are encoded one by one.</summary>
public abstract class PreTokenizer
{
    protected PreTokenizer()
    {
    }

    public abstract IEnumerable<(int Offset, int Length)> PreTokenize(string text);

    public abstract IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text);
}
