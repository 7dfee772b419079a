using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Makes the graph's nodes from those whose input is quantised while running (qdint8): the quantisation becomes a part of them.</summary>
internal static class DynamicQuantizationTranslator
{
    // Each group of channels is a product of its own.
    private const int MaxGroups = 1024;

    /// <summary>Whether a value is quantised while running.</summary>
    public static bool IsDynamic(GraphBuilder builder, PayloadOperation node, uint id) => builder.Declared(node, id).Datatype == PayloadDatatype.QDInt8;

    /// <summary>A FullyConnected.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static DynamicRowsFullyConnectedNode FullyConnected(PayloadOperation node, GraphBuilder builder, bool isTransposed)
    {
        var input = builder.ReadDynamic(node, node.Inputs[0]);
        var (filter, bias) = (node.Inputs[1], node.Inputs[2]);
        CheckFilter(node, builder, filter, PayloadDatatype.QCInt8, PayloadDatatype.QCInt4, PayloadDatatype.QBInt4);
        var shape = builder.Declared(node, filter).Shape;
        if (shape.Rank != 2)
        {
            throw node.Source.Invalid("the filter is no matrix", isTransposed ? "[IC, OC]" : "[OC, IC]", shape.ToString());
        }

        if (isTransposed && builder.Declared(node, filter).Datatype == PayloadDatatype.QBInt4)
        {
            throw node.Source.NotSupported("a filter with scales of groups is transposed", "[OC, IC]", "[IC, OC]");
        }

        var (n, k) = isTransposed ? (shape.FromEnd(1), shape.FromEnd(2)) : (shape.FromEnd(2), shape.FromEnd(1));
        CheckChannels(node, builder, filter, isTransposed ? 1 : 0);
        CheckBias(node, builder, bias, n);
        var weights = QuantizedWeightPacker.Pack(builder, node, filter, bias, n, 0, n, k, isTransposed);
        return new DynamicRowsFullyConnectedNode(
            node.Source, builder.InstructionSet, weights, RowDimensions(node, builder), input, builder.Write(node, node.Outputs[0]), node.Minimum, node.Maximum);
    }

    /// <summary>A Conv2d or ConvTranspose2d with checked geometry.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static DynamicConvolutionNode Convolution(PayloadOperation node, GraphBuilder builder, ConvolutionKind kind, ConvolutionGeometry geometry)
    {
        if (kind == ConvolutionKind.Depthwise)
        {
            throw node.Source.NotSupported(
                "a depthwise convolution has an input that is quantised while running, which XNNPACK does not run either", "a float or int8 input", "qdint8");
        }

        var input = builder.ReadDynamic(node, node.Inputs[0]);
        var (filter, bias) = (node.Inputs[1], node.Inputs[2]);
        var p = geometry.Parameters;
        CheckFilter(node, builder, filter, PayloadDatatype.QCInt8);
        CheckChannels(node, builder, filter, 0);
        CheckBias(node, builder, bias, p.OutputChannels);
        var depth = (long)p.KernelSize * p.GroupInputChannels;
        if (RowDimensions(node, builder) != 3 || p.Groups > MaxGroups || depth > int.MaxValue)
        {
            throw node.Source.NotSupported(
                "a convolution of this kind is not run", $"one scale for an image, at most {MaxGroups} groups",
                $"rows of {RowDimensions(node, builder)} dimensions, {p.Groups} groups, {depth} elements of a kernel");
        }

        var filters = new PackedQuantizedMatrix[p.Groups];
        for (var group = 0; group < filters.Length; group++)
        {
            filters[group] = QuantizedWeightPacker.Pack(
                builder, node, filter, bias, p.OutputChannels, group * p.GroupOutputChannels, p.GroupOutputChannels, (int)depth, false);
        }

        return new DynamicConvolutionNode(
            node.Source, builder.InstructionSet, geometry, kind == ConvolutionKind.Transposed, filters, input, builder.Write(node, node.Outputs[0]), node.Minimum, node.Maximum);
    }

    private static int RowDimensions(PayloadOperation node, GraphBuilder builder) =>
        ((PayloadQuantization.PerTokenDynamic)builder.Declared(node, node.Inputs[0]).Quantization!).NonBatchDimensions;

    private static void CheckFilter(PayloadOperation node, GraphBuilder builder, uint filter, params ReadOnlySpan<PayloadDatatype> allowed)
    {
        var value = builder.Declared(node, filter);
        if (!allowed.Contains(value.Datatype) || value.ConstantIndex == 0)
        {
            throw node.Source.NotSupported(
                "the filter does not go with an input that is quantised while running", "a constant of qcint8, or for a matrix qcint4 or qbint4",
                $"{(value.ConstantIndex == 0 ? "a computed" : "a constant")} {PayloadNames.Of(value.Datatype)}, value {filter}");
        }
    }

    private static void CheckChannels(PayloadOperation node, GraphBuilder builder, uint filter, int expected)
    {
        var dimension = builder.Declared(node, filter).Quantization switch
        {
            PayloadQuantization.PerChannel p => p.ChannelDimension,
            PayloadQuantization.PerChannelGroup p => p.ChannelDimension,
            _ => expected,
        };
        if (dimension != expected)
        {
            throw node.Source.Invalid("the filter's scales are not those of its outputs", $"channel dimension {expected}", $"{dimension}");
        }
    }

    private static void CheckBias(PayloadOperation node, GraphBuilder builder, uint bias, int outputs)
    {
        if (bias == PayloadValue.NoId)
        {
            return;
        }

        var value = builder.Declared(node, bias);
        if (value.ConstantIndex == 0 || value.Datatype is not (PayloadDatatype.Fp32 or PayloadDatatype.Fp16))
        {
            throw node.Source.NotSupported("the bias is computed or of another type", "a constant of fp32 or fp16", $"{PayloadNames.Of(value.Datatype)}, value {bias}");
        }

        if (value.Shape.ElementCount != outputs)
        {
            throw node.Source.Invalid("the bias does not fit the filter", $"{outputs} elements", value.Shape.ToString());
        }
    }
}
