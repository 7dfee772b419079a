namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One output row of a depthwise convolution.</summary>
internal unsafe struct DepthwiseArguments
{
    /// <summary>Column 0 of the input row under each kernel row; zeros where that is outside the image.</summary>
    public float** Rows;

    public nint PixelStride;

    public nint InputWidth;

    public float* Output;

    public nint OutputPixelStride;

    public nint OutputWidth;

    /// <summary>[kernel element][channel], <see cref="WeightStride"/> apart.</summary>
    public float* Weights;

    public nint WeightStride;

    public float* Bias;

    public nint Channels;

    public nint KernelHeight;

    public nint KernelWidth;

    public nint Stride;

    public nint Dilation;

    public nint PaddingLeft;

    public float Min;

    public float Max;
}
