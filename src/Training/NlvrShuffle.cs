namespace Madtp.Kit.Training;

/// <summary>What an evaluation gives away at random, to show that the model needs it.</summary>
public enum NlvrShuffle
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Every statement gets the images of another example.</summary>
    Images,

    /// <summary>Every pair of images gets the statement of another example.</summary>
    Text,
}
