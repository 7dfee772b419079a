namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>An element-wise function over the vectors of any rung.</summary>
internal interface IUnaryFunction
{
    static abstract TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged;
}
