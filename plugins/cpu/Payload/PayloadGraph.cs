namespace Tandem.Plugins.Cpu.Payload;

/// <summary>A payload's content, read and checked against its own bytes.</summary>
/// <param name="Values">Tensors, in the payload's order.</param>
/// <param name="Nodes">Operations, in the order in which they run.</param>
/// <param name="Constants">Constants; the first stands for "none".</param>
/// <param name="ExternCount">Number of external ids that are reserved.</param>
internal sealed record PayloadGraph(PayloadValue[] Values, PayloadOperation[] Nodes, PayloadConstant[] Constants, uint ExternCount);
