using System.Security.Cryptography;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Packs constant filters through the derived-data cache: equal content packed alike is packed once in the process.</summary>
internal static unsafe class WeightPacker
{
    /// <summary>Version of all packed layouts; part of the cache's key.</summary>
    private const string Version = "v2";

    /// <summary>Packs the filter of a FullyConnected.</summary>
    public static PackedMatrix Matrix(GraphBuilder builder, PayloadOperation node, uint filter, uint bias, int n, int k, bool isTransposed) =>
        PackFloats(
            builder, node, filter, bias, $"gemm {n} {k} {isTransposed}", new PackedMatrix(builder.InstructionSet, n, k, Format(builder, node, filter)),
            (packed, offsets) =>
            {
                // A large weight and its packed form are never in memory whole at the same time.
                var data = builder.Constant(node, filter)!;
                var released = 0L;
                Gemm.Fill(packed, data.Pointer, isTransposed, offsets is null ? null : (float*)offsets.Memory, done =>
                {
                    data.Handle.ReleasePages(data.Offset + released, done - released);
                    released = done;
                });
            });

    /// <summary>Packs the filter of a Conv2d or ConvTranspose2d.</summary>
    public static PackedConvolution Convolution(
        GraphBuilder builder, PayloadOperation node, uint filter, uint bias, ConvolutionParameters parameters, bool isTransposed)
    {
        var geometry = isTransposed ? parameters : parameters with { StrideHeight = 1, StrideWidth = 1, DilationHeight = 1, DilationWidth = 1 };
        geometry = geometry with { PaddingTop = 0, PaddingLeft = 0 };
        return PackFloats(
            builder, node, filter, bias, $"convolution {isTransposed} {geometry}",
            isTransposed
                ? TransposedConvolution.Describe(builder.InstructionSet, geometry, Format(builder, node, filter))
                : Kernels.Convolution.Describe(builder.InstructionSet, geometry, Format(builder, node, filter)),
            (packed, offsets) =>
            {
                var weights = builder.Constant(node, filter)!.Pointer;
                if (isTransposed)
                {
                    TransposedConvolution.Fill(packed, weights, offsets is null ? null : (float*)offsets.Memory, geometry);
                }
                else
                {
                    Kernels.Convolution.Fill(packed, weights, offsets is null ? null : (float*)offsets.Memory);
                }
            });
    }

    /// <summary>Packs the filter of a DepthwiseConv2d.</summary>
    public static PackedDepthwise Depthwise(GraphBuilder builder, PayloadOperation node, uint filter, uint bias, ConvolutionParameters parameters) =>
        PackFloats(
            builder, node, filter, bias, $"depthwise {parameters.KernelHeight} {parameters.KernelWidth} {parameters.OutputChannels}",
            new PackedDepthwise(builder.InstructionSet, parameters.KernelSize, parameters.OutputChannels),
            (packed, offsets) =>
            {
                using var widened = Format(builder, node, filter) == WeightFormat.Float32 ? null : builder.Floats(node, filter);
                packed.Fill(
                    widened is null ? (float*)builder.Constant(node, filter)!.Pointer : (float*)widened.Memory,
                    offsets is null ? null : (float*)offsets.Memory);
            });

    /// <summary>A packed form by everything that it depends on: found where it is held, or packed.</summary>
    /// <typeparam name="T">Type of the form.</typeparam>
    /// <param name="builder">The graph, which holds the form from here on.</param>
    /// <param name="layout">
    /// Name and version of the layout and every parameter of it: sizes, datatypes, and <see cref="Fingerprint"/> of values that are no constants (inline
    /// scales). The rung and the inputs' contents are added here.
    /// </param>
    /// <param name="inputs">Every constant that the bytes depend on; null stands for one that is not there.</param>
    /// <param name="form">Describes the form; its memory is attached here. Not to be used afterwards.</param>
    /// <param name="fill">Packs into the attached memory; called only if nobody holds the form.</param>
    /// <returns>The form, filled.</returns>
    public static T Pack<T>(GraphBuilder builder, string layout, ReadOnlySpan<ConstantData?> inputs, T form, Action<T> fill)
        where T : PackedForm
    {
        var text = $"{Version} {layout} {(int)builder.InstructionSet}";
        for (var i = 0; i < inputs.Length; i++)
        {
            text += $" | {inputs[i]?.Part}";
            if (i >= 2)
            {
                text += $" {inputs[i]?.ContentId}";
            }
        }

        var store = builder.Store;
        var key = new DerivedDataKey(
            CpuRuntime.BackendId, inputs[0]!.ContentId, inputs.Length < 2 ? default : inputs[1]?.ContentId ?? default, text + store?.Identity);
        var sources = inputs.ToArray();
        var lease = builder.Cache.GetOrCreate(key, form, packed =>
        {
            var name = store is null ? null : PackedKey.Create(text, sources.Select(static data => data is null ? null : $"{data.Digest} {data.Part}"));
            if (name is null || !store!.TryLoad(name, packed))
            {
                var block = builder.Arena?.Allocate(packed.ByteCount) ?? PackedBlock.Allocate(packed.ByteCount);
                packed.Attach(block);
                try
                {
                    fill(packed);
                }
                catch
                {
                    packed.Dispose();
                    throw;
                }

                // What is packed is not read again: the file's pages need not stay beside the packed ones.
                foreach (var data in sources)
                {
                    data?.Handle.ReleasePages(data.Offset, data.Length);
                }

                if (name is not null)
                {
                    store!.Keep(name, packed, block);
                }
            }

            return (packed, (long)packed.ByteCount);
        });
        builder.Resources.Add(lease);
        return lease.Value;
    }

    /// <summary>Text that is equal for equal bytes only: for values in a key.</summary>
    public static string Fingerprint(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static T PackFloats<T>(GraphBuilder builder, PayloadOperation node, uint filter, uint bias, string layout, T form, Action<T, NativeBlock?> fill)
        where T : PackedForm
    {
        var hasBias = bias != PayloadValue.NoId;
        var types = $"{(int)builder.Declared(node, filter).Datatype} {(hasBias ? (int)builder.Declared(node, bias).Datatype : -1)}";
        return Pack(
            builder, $"{layout} {types}", [builder.Constant(node, filter), hasBias ? builder.Constant(node, bias) : null], form,
            packed =>
            {
                using var offsets = hasBias ? builder.Floats(node, bias) : null;
                fill(packed, offsets);
            });
    }

    private static WeightFormat Format(GraphBuilder builder, PayloadOperation node, uint filter) =>
        builder.Declared(node, filter).Datatype switch
        {
            PayloadDatatype.Fp16 => WeightFormat.Float16,
            PayloadDatatype.BF16 => WeightFormat.BFloat16,
            _ => WeightFormat.Float32,
        };
}
