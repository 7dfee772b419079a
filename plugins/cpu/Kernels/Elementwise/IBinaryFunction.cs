namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>An element-wise function of two tensors over the vectors of any rung.</summary>
internal interface IBinaryFunction
{
    static abstract TVec Apply<TIsa, TVec>(TVec a, TVec b)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged;
}
