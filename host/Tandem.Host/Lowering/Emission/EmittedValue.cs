using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>A value of a method while it is emitted: a tensor over a storage that will be placed later, or what the file will hold.</summary>
/// <param name="Value">The value of the file; null for a tensor.</param>
/// <param name="Layout">Layout of a tensor at its upper bounds.</param>
/// <param name="Storage">Storage of a tensor.</param>
/// <param name="IsDynamic">Whether a tensor's sizes change from call to call.</param>
internal sealed record EmittedValue(ValueModel? Value, TensorLayout? Layout = null, TensorStorage? Storage = null, bool IsDynamic = false)
{
    /// <summary>Whether the tensor is a mutable buffer itself, not a view of one or a new value for it.</summary>
    public bool IsBuffer { get; init; }
}
