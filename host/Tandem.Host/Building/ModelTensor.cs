using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>A parameter, buffer or constant of a program that is being built. All methods that use it share it: its bytes are one object.</summary>
public sealed class ModelTensor : TensorOperand
{
    internal ModelTensor(ExportedProgramBuilder owner, string name, GraphInputKind kind, TensorSpec spec, ExportedTensor? value, bool isPersistent)
    {
        (Owner, Name, Kind, Spec, Value, IsPersistent) = (owner, name, kind, spec, value, isPersistent);
    }

    /// <summary>Fully qualified name ("layers.0.weight").</summary>
    public string Name { get; }

    /// <summary>Parameter, buffer or constant.</summary>
    public GraphInputKind Kind { get; }

    /// <inheritdoc/>
    public override TensorSpec Spec { get; }

    /// <summary>The bytes; null for a buffer without first value.</summary>
    public ExportedTensor? Value { get; }

    /// <summary>For a buffer, whether it is saved with the model.</summary>
    public bool IsPersistent { get; }

    internal ExportedProgramBuilder Owner { get; }

    /// <summary>"layers.0.weight: float32 [4, 4]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name}: {Spec}";
}
