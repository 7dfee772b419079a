namespace Tandem.Host.Kernels;

/// <summary>The operators that the host brings.</summary>
public static class KernelRegistries
{
    /// <summary>All operators that ExecuTorch's own runtime registers.</summary>
    /// <returns>A new registry.</returns>
    public static KernelRegistry CreateDefault()
    {
        var registry = new KernelRegistry();
        Pointwise.UnaryKernels.Register(registry);
        Pointwise.BinaryKernels.Register(registry);
        Pointwise.SelectionKernels.Register(registry);
        Pointwise.ActivationKernels.Register(registry);
        Pointwise.FillKernels.Register(registry);
        Pointwise.CopyKernels.Register(registry);
        Shape.ViewKernels.Register(registry);
        Shape.JoinKernels.Register(registry);
        Reduction.ReductionKernels.Register(registry);
        Reduction.ArgumentKernels.Register(registry);
        Reduction.ScanKernels.Register(registry);
        Normalization.NormalizationKernels.Register(registry);
        Indexing.IndexKernels.Register(registry);
        Indexing.GatherKernels.Register(registry);
        Prim.PrimKernels.Register(registry);
        MatMul.MatMulKernels.Register(registry);
        MatMul.DistanceKernels.Register(registry);
        Convolution.ConvolutionKernels.Register(registry);
        Pooling.PoolingKernels.Register(registry);
        Padding.PaddingKernels.Register(registry);
        Resampling.ResamplingKernels.Register(registry);
        Quantized.AffineKernels.Register(registry);
        Quantized.ParameterKernels.Register(registry);
        Quantized.QuantizedWeightKernels.Register(registry);
        Llm.AttentionKernels.Register(registry);
        Llm.CacheKernels.Register(registry);
        Llm.GatedDeltaRuleKernels.Register(registry);
        Llm.HadamardKernels.Register(registry);
        Shape.TileCropKernels.Register(registry);
        Convolution.ConvolutionBackwardKernels.Register(registry);
        Fourier.FourierKernels.Register(registry);
        return registry;
    }
}
