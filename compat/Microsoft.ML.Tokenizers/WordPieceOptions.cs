namespace Microsoft.ML.Tokenizers;

/// <summary>What a WordPiece tokenizer is made with.</summary>
public class WordPieceOptions
{
    public PreTokenizer? PreTokenizer { get; set; }

    public Normalizer? Normalizer { get; set; }

    public string UnknownToken { get; set; } = "[UNK]";

    public string ContinuingSubwordPrefix { get; set; } = "##";

    public int MaxInputCharsPerWord { get; set; } = 100;
}
