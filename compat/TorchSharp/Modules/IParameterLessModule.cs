namespace TorchSharp.Modules;

/// <summary>Marks a module that learns nothing.</summary>
public interface IParameterLessModule
{
}
