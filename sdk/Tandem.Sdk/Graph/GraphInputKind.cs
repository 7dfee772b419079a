namespace Tandem.Sdk;

/// <summary>Where an input of a method's graph comes from.</summary>
public enum GraphInputKind
{
    /// <summary>The caller gives it.</summary>
    UserInput,

    /// <summary>A weight of the model; never written.</summary>
    Parameter,

    /// <summary>State of the model, read and possibly written.</summary>
    Buffer,

    /// <summary>A tensor that the model's code holds; never written.</summary>
    Constant,
}
