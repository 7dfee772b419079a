namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Which convolution a node is.</summary>
internal enum ConvolutionKind
{
    Dense,
    Depthwise,
    Transposed,
}
