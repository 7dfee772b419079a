namespace Tandem.Plugins.Cpu.Graph;

/// <summary>How a step's first output relates to the memory of its inputs, for the current shapes.</summary>
internal enum MemoryUse
{
    /// <summary>The output needs memory that no operand has.</summary>
    Separate,

    /// <summary>The output may overwrite an operand of the same byte count that nobody reads later.</summary>
    InPlace,

    /// <summary>The output is the first input, from <see cref="Step.ViewOffset"/> on: nothing runs if the planner agrees.</summary>
    View,
}
