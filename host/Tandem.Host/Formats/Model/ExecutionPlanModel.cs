using System.Collections.Immutable;

namespace Tandem.Host.Formats.Model;

/// <summary>One method of a program.</summary>
public sealed record ExecutionPlanModel
{
    /// <summary>Name of the method.</summary>
    public required string Name { get; init; }

    /// <summary>The value table.</summary>
    public required ImmutableArray<ValueModel> Values { get; init; }

    /// <summary>Inputs as indices into <see cref="Values"/>.</summary>
    public required ImmutableArray<int> Inputs { get; init; }

    /// <summary>Outputs as indices into <see cref="Values"/>.</summary>
    public required ImmutableArray<int> Outputs { get; init; }

    /// <summary>Instructions; every real file has one chain.</summary>
    public required ImmutableArray<ImmutableArray<InstructionModel>> Chains { get; init; }

    /// <summary>Operators that kernel calls refer to, as "namespace::name.overload" (no dot if the overload is empty).</summary>
    public required ImmutableArray<string> Operators { get; init; }

    /// <summary>Delegates that delegate calls refer to.</summary>
    public required ImmutableArray<DelegateModel> Delegates { get; init; }

    /// <summary>Sizes of the planned buffers: buffer of memory id m is item m; item 0 is unused.</summary>
    public required ImmutableArray<long> PlannedBufferSizes { get; init; }

    /// <summary>Device of planned buffers that are not on the CPU.</summary>
    public required ImmutableArray<BufferDeviceModel> PlannedBufferDevices { get; init; }

    /// <summary>How the inputs nest (pytree); opaque, may be empty.</summary>
    public required string EncodedInputs { get; init; }

    /// <summary>How the outputs nest (pytree); opaque, may be empty.</summary>
    public required string EncodedOutputs { get; init; }
}
