namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Attributes of the pooling nodes, in the payload's order; an arg-max has its window as stride and no dilation.</summary>
internal sealed record PayloadPooling(
    uint PaddingTop, uint PaddingRight, uint PaddingBottom, uint PaddingLeft, uint Height, uint Width, uint StrideHeight, uint StrideWidth,
    uint DilationHeight, uint DilationWidth);
