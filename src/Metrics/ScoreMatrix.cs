namespace Madtp.Kit.Metrics;

/// <summary>Scores of every row against every column.</summary>
public sealed class ScoreMatrix
{
    private readonly float[] values;

    /// <summary>Scores in row-major order.</summary>
    /// <exception cref="ArgumentException">There are not as many as the shape says, or one is not a number.</exception>
    public ScoreMatrix(int rows, int columns, float[] values)
    {
        if (rows < 0 || columns < 0 || (long)rows * columns != values.Length)
        {
            throw new ArgumentException($"{values.Length} scores do not fill [{rows}, {columns}]", nameof(values));
        }

        if (Array.FindIndex(values, float.IsNaN) is var wrong and >= 0)
        {
            throw new ArgumentException($"the score in row {wrong / columns}, column {wrong % columns} is not a number", nameof(values));
        }

        (Rows, Columns, this.values) = (rows, columns, values);
    }

    /// <summary>A copy of a rectangular array.</summary>
    /// <exception cref="ArgumentException">A score is not a number.</exception>
    public ScoreMatrix(float[,] scores)
        : this(scores.GetLength(0), scores.GetLength(1), [.. scores.Cast<float>()])
    {
    }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; }

    /// <summary>How many columns there are.</summary>
    public int Columns { get; }

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => values.AsSpan(row * Columns, Columns);

    /// <summary>The same scores with rows and columns exchanged.</summary>
    public ScoreMatrix Transpose()
    {
        var result = new float[values.Length];
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                result[(column * Rows) + row] = values[(row * Columns) + column];
            }
        }

        return new ScoreMatrix(Columns, Rows, result);
    }
}
