namespace Tandem.Host.Quantization;

/// <summary>What becomes of a layer whose inputs are no multiple of the group size.</summary>
public enum IndivisibleGroups
{
    /// <summary>It stays float, and the report says so.</summary>
    LeaveFloat,

    /// <summary>It gets one scale for each row: int4 where its inputs are a multiple of 32, which is what runtimes can hold, and int8 elsewhere.</summary>
    PerChannel,
}
