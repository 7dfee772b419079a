using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>A method as all sessions of its program share it: resolved instructions, the values that nothing changes, and what a session's own table holds.</summary>
/// <remarks>
/// An instruction names a value of the session's table by its slot there, and a constant by the complement of its position in <see cref="Constants"/>.
/// </remarks>
internal sealed class MethodCode
{
    internal required MethodInfo Info { get; init; }

    internal required Instruction[] Instructions { get; init; }

    /// <summary>Arguments of each delegate's call.</summary>
    internal required int[] DelegateArgumentCounts { get; init; }

    /// <summary>Values that no instruction changes and that no memory of a session is behind.</summary>
    internal required EValue[] Constants { get; init; }

    /// <summary>Slots of a session's table: for each the value of the program.</summary>
    internal required int[] Slots { get; init; }

    /// <summary>What a session's table holds at first; none where a session makes its own tensor or list.</summary>
    internal required EValue[] Template { get; init; }

    /// <summary>For a slot with a list of a session's own: the slots of its items, -1 for an absent one.</summary>
    internal required int[]?[] ListItems { get; init; }

    /// <summary>Slots of the inputs.</summary>
    internal required int[] Inputs { get; init; }

    /// <summary>Slots of the outputs.</summary>
    internal required int[] Outputs { get; init; }

    /// <summary>For each input the slots of its views: other tensors over the same memory.</summary>
    internal required int[][] InputAliases { get; init; }

    /// <summary>For each input whether the program writes to its memory.</summary>
    internal required bool[] InputIsOverwritten { get; init; }

    /// <summary>For each output the slots of its views.</summary>
    internal required int[][] OutputAliases { get; init; }

    internal required bool[] OutputIsBindable { get; init; }

    /// <summary>Slots of plain values that instructions write: every execution starts from the same table.</summary>
    internal required int[] OverwrittenNumbers { get; init; }

    /// <summary>Slots of tensors that instructions may replace.</summary>
    internal required int[] OverwrittenTensors { get; init; }
}
