namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One method.</summary>
public sealed record MethodReport
{
    /// <summary>Name of the method.</summary>
    public required string Name { get; init; }

    /// <summary>Inputs in order.</summary>
    public required IReadOnlyList<ValueReport> Inputs { get; init; }

    /// <summary>Outputs in order.</summary>
    public required IReadOnlyList<ValueReport> Outputs { get; init; }

    /// <summary>Instructions in order of the chain.</summary>
    public required IReadOnlyList<InstructionReport> Instructions { get; init; }

    /// <summary>Operators that no backend took.</summary>
    public required IReadOnlyList<OperatorReport> Operators { get; init; }

    /// <summary>Delegates.</summary>
    public required IReadOnlyList<DelegateReport> Delegates { get; init; }

    /// <summary>Bytes of each planned buffer, from memory id 1 on.</summary>
    public required IReadOnlyList<long> PlannedBuffers { get; init; }

    /// <summary>Mutable buffers by name, with memory id, offset and size.</summary>
    public required IReadOnlyList<StateReport> State { get; init; }
}
