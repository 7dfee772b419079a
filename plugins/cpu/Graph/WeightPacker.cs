using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Packs constant filters through the derived-data cache: equal content packed alike is packed once in the process.</summary>
internal static unsafe class WeightPacker
{
    /// <summary>Version of all packed layouts; part of the cache's key.</summary>
    private const string Version = "v1";

    /// <summary>Packs the filter of a FullyConnected.</summary>
    public static PackedMatrix Matrix(GraphBuilder builder, PayloadOperation node, uint filter, uint bias, int n, int k, bool isTransposed) =>
        Pack(builder, node, filter, bias, $"gemm {n} {k} {isTransposed}", p =>
        {
            var type = p.Builder.Declared(p.Node, p.Filter).Datatype;
            var data = p.Builder.Constant(p.Node, p.Filter)!;
            var packed = type == PayloadDatatype.Fp16
                ? Gemm.Pack(p.Builder.InstructionSet, (Half*)data.Pointer, n, k, isTransposed, p.Bias)
                : Gemm.Pack(p.Builder.InstructionSet, (float*)data.Pointer, n, k, isTransposed, p.Bias);
            return (packed, packed.ByteCount);
        });

    /// <summary>Packs the filter of a Conv2d or ConvTranspose2d.</summary>
    public static PackedConvolution Convolution(
        GraphBuilder builder, PayloadOperation node, uint filter, uint bias, ConvolutionParameters parameters, bool isTransposed)
    {
        var geometry = isTransposed ? parameters : parameters with { StrideHeight = 1, StrideWidth = 1, DilationHeight = 1, DilationWidth = 1 };
        geometry = geometry with { PaddingTop = 0, PaddingLeft = 0 };
        return Pack(builder, node, filter, bias, $"convolution {isTransposed} {geometry}", p =>
        {
            using var widened = p.Widen();
            var weights = widened is null ? (float*)p.Builder.Constant(p.Node, p.Filter)!.Pointer : (float*)widened.Memory;
            var packed = isTransposed
                ? TransposedConvolution.Pack(p.Builder.InstructionSet, weights, p.Bias, geometry)
                : Kernels.Convolution.Pack(p.Builder.InstructionSet, weights, p.Bias, geometry);
            return (packed, packed.ByteCount);
        });
    }

    /// <summary>Packs the filter of a DepthwiseConv2d.</summary>
    public static PackedDepthwise Depthwise(GraphBuilder builder, PayloadOperation node, uint filter, uint bias, ConvolutionParameters parameters) =>
        Pack(builder, node, filter, bias, $"depthwise {parameters.KernelHeight} {parameters.KernelWidth} {parameters.OutputChannels}", p =>
        {
            using var widened = p.Widen();
            var weights = widened is null ? (float*)p.Builder.Constant(p.Node, p.Filter)!.Pointer : (float*)widened.Memory;
            var packed = DepthwiseConvolution.Pack(p.Builder.InstructionSet, weights, p.Bias, parameters);
            return (packed, packed.ByteCount);
        });

    private static T Pack<T>(GraphBuilder builder, PayloadOperation node, uint filter, uint bias, string layout, Func<Source, (T, long)> pack)
        where T : class, IDisposable
    {
        var weights = builder.Constant(node, filter)!;
        var offsets = bias == PayloadValue.NoId ? null : builder.Constant(node, bias);
        var key = new DerivedDataKey(
            CpuRuntime.BackendId, weights.ContentId, offsets?.ContentId ?? default,
            $"{Version} {layout} {(int)builder.InstructionSet} {(int)builder.Declared(node, filter).Datatype} {weights.Part} "
            + (offsets is null ? "" : $"{(int)builder.Declared(node, bias).Datatype} {offsets.Part}"));
        var lease = builder.Cache.GetOrCreate(key, new Source(builder, node, filter, bias, null), source =>
        {
            using var floats = source.BiasId == PayloadValue.NoId ? null : source.Builder.Floats(source.Node, source.BiasId);
            return pack(new Source(source.Builder, source.Node, source.Filter, source.BiasId, floats is null ? null : (float*)floats.Memory));
        });
        builder.Resources.Add(lease);
        return lease.Value;
    }

    // A class, because the cache's generic method is compiled once for all classes.
    private sealed class Source(GraphBuilder builder, PayloadOperation node, uint filter, uint biasId, float* bias)
    {
        public GraphBuilder Builder { get; } = builder;

        public PayloadOperation Node { get; } = node;

        public uint Filter { get; } = filter;

        public uint BiasId { get; } = biasId;

        /// <summary>The bias as floats, or null.</summary>
        public float* Bias { get; } = bias;

        /// <summary>The filter as floats, if it is not stored so.</summary>
        public NativeBlock? Widen() => Builder.Declared(Node, Filter).Datatype == PayloadDatatype.Fp16 ? Builder.Floats(Node, Filter) : null;
    }
}
