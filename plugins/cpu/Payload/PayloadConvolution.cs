namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Attributes of Conv2d, DepthwiseConv2d and ConvTranspose2d, in the payload's order.</summary>
internal sealed record PayloadConvolution(
    uint PaddingTop, uint PaddingRight, uint PaddingBottom, uint PaddingLeft, uint KernelHeight, uint KernelWidth, uint StrideHeight, uint StrideWidth,
    uint DilationHeight, uint DilationWidth, uint GroupInputChannels, uint GroupOutputChannels, uint Groups, uint AdjustmentHeight, uint AdjustmentWidth);
