namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How the operands of an element-wise function lie, and the bounds of its result.</summary>
/// <param name="StepA">1, or 0 for one element that meets a whole row.</param>
/// <param name="StepB">Likewise.</param>
/// <param name="RowStrideA">Elements from one row to the next; 0 for one row that meets all.</param>
/// <param name="RowStrideB">Likewise.</param>
/// <param name="Minimum">Lower bound.</param>
/// <param name="Maximum">Upper bound.</param>
internal readonly record struct BinaryRows(int StepA, int StepB, nint RowStrideA, nint RowStrideB, float Minimum, float Maximum);
