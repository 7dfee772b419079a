using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>A method as all sessions of its program share it: resolved instructions, the values that nothing changes, and the frames that executions compute with.</summary>
/// <remarks>
/// An instruction names a value of the table by its slot there, and a constant by the complement of its position in <see cref="Constants"/>.
/// </remarks>
internal sealed class MethodCode
{
    internal MethodCode() => Frames = new MethodFrames(this);

    internal required MethodInfo Info { get; init; }

    /// <summary>The method as it stands in the file.</summary>
    internal required ExecutionPlanModel Plan { get; init; }

    /// <summary>What executions compute with.</summary>
    internal MethodFrames Frames { get; }

    internal required Instruction[] Instructions { get; init; }

    /// <summary>Arguments of each delegate's call.</summary>
    internal required int[] DelegateArgumentCounts { get; init; }

    /// <summary>Values that no instruction changes and that no memory of a session is behind.</summary>
    internal required EValue[] Constants { get; init; }

    /// <summary>Slots of the value table: for each the value of the program. The inputs and outputs, which a session has of its own, come first.</summary>
    internal required int[] Slots { get; init; }

    /// <summary>How many of the slots are inputs and outputs.</summary>
    internal required int BoundaryCount { get; init; }

    /// <summary>What the table holds at first; none where a frame or session makes its own tensor or list.</summary>
    internal required EValue[] Template { get; init; }

    /// <summary>For a slot with such a list: the slots of its items, -1 for an absent one.</summary>
    internal required int[]?[] ListItems { get; init; }

    /// <summary>Where the tensors of a frame are in a session's memory.</summary>
    internal required (int Slot, Placement Placement)[] FrameTensors { get; init; }

    /// <summary>Tensors of a frame that are views of an input or output.</summary>
    internal required (int Slot, int Boundary)[] FrameAliases { get; init; }

    /// <summary>Whether a frame keeps nothing between executions, so that sessions can share it.</summary>
    internal required bool SharesFrames { get; init; }

    /// <summary>Slots of the inputs.</summary>
    internal required int[] Inputs { get; init; }

    /// <summary>Slots of the outputs.</summary>
    internal required int[] Outputs { get; init; }

    /// <summary>For each input the slots of other inputs and outputs over the same memory.</summary>
    internal required int[][] InputAliases { get; init; }

    /// <summary>For each input whether the program writes to its memory.</summary>
    internal required bool[] InputIsOverwritten { get; init; }

    /// <summary>For each output the slots of other inputs and outputs over the same memory.</summary>
    internal required int[][] OutputAliases { get; init; }

    internal required bool[] OutputIsBindable { get; init; }

    /// <summary>Slots of plain values that instructions write: every execution starts from the same table.</summary>
    internal required int[] OverwrittenNumbers { get; init; }

    /// <summary>Slots of a frame's tensors that instructions may replace.</summary>
    internal required int[] OverwrittenTensors { get; init; }

    /// <summary>The tensor, still without memory, or list of a slot that nobody shares.</summary>
    internal EValue CreateOwn(int slot) => Plan.Values[Slots[slot]] switch
    {
        ValueModel.IntList => EValue.FromIntList(new EValueIntList(ListItems[slot]!)),
        ValueModel.TensorList => EValue.FromTensorList(new EValueTensorList(ListItems[slot]!, isOptional: false)),
        ValueModel.OptionalTensorList => EValue.FromTensorList(new EValueTensorList(ListItems[slot]!, isOptional: true)),
        ValueModel.Tensor tensor => EValue.FromTensor(new TensorView(tensor.Layout, tensor.Dynamism, MethodCodeBuilder.IsConstant(tensor))),
        _ => EValue.None,
    };
}
