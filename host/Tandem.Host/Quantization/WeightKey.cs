using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>A weight and what it becomes: layers with equal keys share one quantised weight.</summary>
/// <param name="Weight">The float weight. Equal bytes of one program are one storage.</param>
/// <param name="IsTransposed">Whether it is [inputs, outputs].</param>
/// <param name="GroupSize">Inputs that share a scale; all of them for one scale a row.</param>
/// <param name="Grid">The integers.</param>
internal sealed record WeightKey(ExportedTensor Weight, bool IsTransposed, int GroupSize, WeightGrid Grid)
{
    /// <summary>Whether storage and view are the same.</summary>
    public bool Equals(WeightKey? other) => other is not null && ReferenceEquals(Weight.Storage, other.Weight.Storage) && Weight.Spec == other.Weight.Spec
        && IsTransposed == other.IsTransposed && GroupSize == other.GroupSize && ReferenceEquals(Grid, other.Grid);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(RuntimeHelpers.GetHashCode(Weight.Storage), Weight.Spec, IsTransposed, GroupSize, RuntimeHelpers.GetHashCode(Grid));
}
