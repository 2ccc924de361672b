namespace Microsoft.Data.Analysis;

public abstract class GroupBy
{
    protected GroupBy()
    {
    }

    public abstract DataFrame Count(params string[] columnNames);

    public abstract DataFrame Mean(params string[] columnNames);

    public abstract DataFrame Min(params string[] columnNames);

    public abstract DataFrame Max(params string[] columnNames);
}
