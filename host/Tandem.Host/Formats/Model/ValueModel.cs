using System.Collections.Immutable;

namespace Tandem.Host.Formats.Model;

/// <summary>One entry of a plan's value table.</summary>
public abstract record ValueModel
{
    /// <summary>An absent optional argument.</summary>
    public sealed record None : ValueModel;

    /// <summary>An integer.</summary>
    /// <param name="Value">The integer.</param>
    public sealed record Int(long Value) : ValueModel;

    /// <summary>A truth value.</summary>
    /// <param name="Value">The truth value.</param>
    public sealed record Bool(bool Value) : ValueModel;

    /// <summary>A float.</summary>
    /// <param name="Value">The float.</param>
    public sealed record Double(double Value) : ValueModel;

    /// <summary>A string.</summary>
    /// <param name="Value">The string.</param>
    public sealed record String(string Value) : ValueModel;

    /// <summary>Integers, each held by another value.</summary>
    /// <param name="ValueIndices">Value indices.</param>
    public sealed record IntList(ImmutableArray<int> ValueIndices) : ValueModel;

    /// <summary>Floats.</summary>
    /// <param name="Items">The floats.</param>
    public sealed record DoubleList(ImmutableArray<double> Items) : ValueModel;

    /// <summary>Truth values.</summary>
    /// <param name="Items">The truth values.</param>
    public sealed record BoolList(ImmutableArray<bool> Items) : ValueModel;

    /// <summary>Tensors.</summary>
    /// <param name="ValueIndices">Value indices.</param>
    public sealed record TensorList(ImmutableArray<int> ValueIndices) : ValueModel;

    /// <summary>Tensors of which some may be absent.</summary>
    /// <param name="ValueIndices">Value indices; -1 for an absent one.</param>
    public sealed record OptionalTensorList(ImmutableArray<int> ValueIndices) : ValueModel;

    /// <summary>A tensor.</summary>
    public sealed record Tensor : ValueModel
    {
        /// <summary>Element type, greatest sizes and dim order.</summary>
        public required Sdk.TensorLayout Layout { get; init; }

        /// <summary>Whether the shape may change.</summary>
        public required Sdk.ShapeDynamism Dynamism { get; init; }

        /// <summary>Where the tensor's memory comes from.</summary>
        public required TensorStorageKind Storage { get; init; }

        /// <summary>For <see cref="TensorStorageKind.Constant"/>: item of <see cref="ProgramModel.Constants"/>; for <see cref="TensorStorageKind.PlannedInitialised"/>: of <see cref="ProgramModel.MutableInitialData"/>.</summary>
        public required int DataIndex { get; init; }

        /// <summary>For planned memory: the memory id, 1 or more.</summary>
        public required int MemoryId { get; init; }

        /// <summary>For planned memory: the offset inside the buffer.</summary>
        public required long MemoryOffset { get; init; }

        /// <summary>Fully qualified name: key of external data, name of a mutable buffer. Null if the file has none.</summary>
        public required string? Name { get; init; }

        /// <summary>0 CPU, 1 CUDA.</summary>
        public int DeviceType { get; init; }
    }
}
