namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>What a pooling kernel needs besides the rows of output that it computes. NHWC, dense.</summary>
internal unsafe struct PoolingArguments
{
    public float* Input;

    public float* Output;

    /// <summary>Positions in the window, row major, of an arg-max; else null.</summary>
    public int* Indices;

    public int InputHeight;

    public int InputWidth;

    public int OutputHeight;

    public int OutputWidth;

    public int Channels;

    public int PaddingTop;

    public int PaddingLeft;

    public int WindowHeight;

    public int WindowWidth;

    public int StrideHeight;

    public int StrideWidth;

    public int DilationHeight;

    public int DilationWidth;

    public float Minimum;

    public float Maximum;
}
