namespace Microsoft.DotNet.Interactive;

/// <summary>A password that a person typed. Shown or printed, it is dots.</summary>
public class PasswordString(string? clearTextPassword)
{
    /// <summary>The password itself.</summary>
    public string? GetClearTextPassword() => clearTextPassword;

    public override string ToString() => new('●', clearTextPassword?.Length ?? 0);
}
