using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;
using GraphValue = Tandem.Plugins.Cpu.Graph.GraphValue;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Makes nodes of statically quantised values: qint8 and quint8 with one scale and zero point.</summary>
internal static unsafe class QuantizedTranslator
{
    /// <summary>Whether a value of a node is statically quantised.</summary>
    public static bool IsQuantized(PayloadOperation node, GraphBuilder builder) =>
        builder.Declared(node, node.Inputs[0]).Datatype is PayloadDatatype.QInt8 or PayloadDatatype.QUInt8
        || builder.Declared(node, node.Outputs[0]).Datatype is PayloadDatatype.QInt8 or PayloadDatatype.QUInt8;

    /// <summary>An element-wise function of one value; null only converts.</summary>
    public static Node Unary(PayloadOperation node, GraphBuilder builder, UnaryKind? kind, float a, float b)
    {
        var types = kind is null ? ValueTypes.Float | ValueTypes.Quantized : ValueTypes.Quantized;
        var input = builder.Values[builder.Read(node, node.Inputs[0], types)];
        var output = builder.Values[builder.Write(node, node.Outputs[0], types)];
        return (input.Quantization, output.Quantization) switch
        {
            (null, _) => new QuantizedConvertNode(node.Source, builder.InstructionSet, output, false, input.Index, output.Index),
            (_, null) => new QuantizedConvertNode(node.Source, builder.InstructionSet, input, true, input.Index, output.Index),
            _ => new QuantizedTableNode(node.Source, kind, a, b, input, output),
        };
    }

    /// <summary>Add, Subtract or Multiply.</summary>
    public static Node Binary(PayloadOperation node, GraphBuilder builder)
    {
        var first = builder.Values[builder.Read(node, node.Inputs[0], ValueTypes.Quantized)];
        var second = builder.Values[builder.Read(node, node.Inputs[1], ValueTypes.Quantized)];
        var output = builder.Values[builder.Write(node, node.Outputs[0], ValueTypes.Quantized)];
        if (first.ScalarType != output.ScalarType || second.ScalarType != output.ScalarType)
        {
            throw node.Source.NotSupported("the operands differ in element type", "qint8, or quint8, throughout");
        }

        var (a, b, c) = (first.PerTensor, second.PerTensor, output.PerTensor);
        var bounds = Bounds(node, output);
        var p = new QuantizedBinaryParameters
        {
            IsUnsigned = output.ScalarType == ScalarType.Byte,
            FirstZeroPoint = a.ZeroPoint,
            SecondZeroPoint = b.ZeroPoint,
            ZeroPoint = c.ZeroPoint,
            Minimum = bounds.Minimum,
            Maximum = bounds.Maximum,
        };
        switch (node.Kind)
        {
            case PayloadNodeKind.Multiply:
                p.IsProduct = true;
                p.Scale = a.Scale * b.Scale / c.Scale;
                Require(node, p.Scale, 1f / 65536, 256);
                break;
            case PayloadNodeKind.Add or PayloadNodeKind.Subtract:
                var (x, y) = (a.Scale / c.Scale, b.Scale / c.Scale);
                Require(node, x, 1f / 1024, 256);
                Require(node, y, 1f / 1024, 256);
                p.Shift = 20 - Math.ILogB(Math.Max(x, y));
                p.First = (int)Math.Round(Math.ScaleB((double)x, p.Shift));
                p.Second = (int)Math.Round(Math.ScaleB((double)y, p.Shift)) * (node.Kind == PayloadNodeKind.Subtract ? -1 : 1);
                p.Offset = (1 << (p.Shift - 1)) - (p.First * a.ZeroPoint) - (p.Second * b.ZeroPoint);
                break;
            default:
                throw node.Source.NotSupported("the CPU plugin does not run this node on quantised values", "Add, Subtract or Multiply");
        }

        return new QuantizedBinaryNode(node.Source, builder.InstructionSet, p, first.Index, second.Index, output.Index);
    }

    /// <summary>MaxPooling2d, AvgPooling2d, and GlobalAvgPooling2d without a geometry.</summary>
    public static Node Pooling(PayloadOperation node, GraphBuilder builder, bool isMaximum, PoolingGeometry? geometry, bool keepsDimensions)
    {
        var input = builder.Values[builder.Read(node, node.Inputs[0], ValueTypes.Quantized)];
        var output = builder.Values[builder.Write(node, node.Outputs[0], ValueTypes.Quantized)];
        if (isMaximum)
        {
            RequireSame(node, input, output);
        }
        else if (input.ScalarType != output.ScalarType)
        {
            throw node.Source.NotSupported("the result has another element type", "the input's");
        }

        return new QuantizedPoolingNode(node.Source, isMaximum, geometry, keepsDimensions, input, output, Bounds(node, output));
    }

    /// <summary>FullyConnected.</summary>
    public static Node FullyConnected(PayloadOperation node, GraphBuilder builder, bool isTransposed)
    {
        var (input, output) = Ends(node, builder);
        var shape = builder.Declared(node, node.Inputs[1]).Shape;
        if (isTransposed)
        {
            throw node.Source.NotSupported("a quantised filter is transposed", "[OC, IC]", shape.ToString());
        }

        if (shape.Rank != 2)
        {
            throw node.Source.Invalid("the filter is no matrix", "[OC, IC]", shape.ToString());
        }

        var (n, k) = (shape.FromEnd(2), shape.FromEnd(1));
        var form = new Int8Filter(builder.InstructionSet, 1, n, 1, k);
        var packed = Pack(node, builder, $"int8 gemm {n} {k}", 0, n, input, output, form, static (f, w, b, s, z) => f.Fill(w, b, s, z, false));
        return new QuantizedConvolutionNode(node.Source, ConvolutionKind.Dense, null, packed, null, input, output, Bounds(node, output));
    }

    /// <summary>Conv2d, DepthwiseConv2d and ConvTranspose2d; the filter's shape is checked already.</summary>
    public static Node Convolution(PayloadOperation node, GraphBuilder builder, ConvolutionKind kind, ConvolutionGeometry geometry)
    {
        var (input, output) = Ends(node, builder);
        var p = geometry.Parameters;
        var bounds = Bounds(node, output);
        var layout = $"int8 {kind} {p with { StrideHeight = 1, StrideWidth = 1, PaddingTop = 0, PaddingLeft = 0 }}";
        if (kind == ConvolutionKind.Depthwise)
        {
            // Padding that follows from the input is one column at most on either side of a kernel of three.
            var fitsDirect = Int8DirectDepthwiseJob.Fits(p, geometry.IsSamePadding ? 1 : Math.Max(p.PaddingLeft, geometry.PaddingRight));
            var depthwise = Pack(
                node, builder, $"{layout} {fitsDirect}", 3, p.OutputChannels, input, output,
                new Int8DepthwiseFilter(builder.InstructionSet, p.KernelHeight, p.KernelWidth, p.OutputChannels, fitsDirect), static (f, w, b, s, z) => f.Fill(w, b, s, z));
            return new QuantizedConvolutionNode(node.Source, kind, geometry, null, depthwise, input, output, bounds);
        }

        // Kernel columns that lie side by side in memory are one segment; a filter that is turned round has its elements apart.
        var isWide = p.DilationWidth == 1 && p.Groups == 1 && kind == ConvolutionKind.Dense;
        var form = new Int8Filter(
            builder.InstructionSet, p.Groups, p.GroupOutputChannels, isWide ? p.KernelHeight : p.KernelSize,
            isWide ? p.KernelWidth * p.GroupInputChannels : p.GroupInputChannels);
        var isFlipped = kind == ConvolutionKind.Transposed;
        var packed = Pack(node, builder, layout, 0, p.OutputChannels, input, output, form, (f, w, b, s, z) => f.Fill(w, b, s, z, isFlipped));
        return new QuantizedConvolutionNode(node.Source, kind, geometry, packed, null, input, output, bounds);
    }

    /// <summary>Refuses a node that moves codes into a value of other parameters.</summary>
    public static void RequireSame(PayloadOperation node, GraphValue input, GraphValue output)
    {
        if (input.ScalarType != output.ScalarType || !Equals(input.Quantization, output.Quantization))
        {
            throw node.Source.NotSupported("the result has other quantisation parameters", $"{input} {input.Quantization}", $"{output} {output.Quantization}");
        }
    }

    /// <summary>The bounds of a node's result as codes.</summary>
    public static Requantization Bounds(PayloadOperation node, GraphValue output)
    {
        var (low, high) = output.ScalarType == ScalarType.Byte ? (0, 255) : (-128, 127);
        return Requantization.Of(output.PerTensor.Scale, output.PerTensor.ZeroPoint, node.Minimum, node.Maximum, low, high);
    }

    private static (GraphValue Input, GraphValue Output) Ends(PayloadOperation node, GraphBuilder builder)
    {
        var input = builder.Values[builder.Read(node, node.Inputs[0], ValueTypes.Quantized)];
        var output = builder.Values[builder.Write(node, node.Outputs[0], ValueTypes.Quantized)];
        return input.ScalarType == ScalarType.Char && output.ScalarType == ScalarType.Char ? (input, output)
            : throw node.Source.NotSupported("the operands are unsigned bytes", "qint8", "quint8");
    }

    private delegate void Fill<T>(T form, sbyte* filter, int* bias, ReadOnlySpan<float> scales, int inputZeroPoint);

    private static T Pack<T>(
        PayloadOperation node, GraphBuilder builder, string layout, int channelDimension, int outputs, GraphValue input, GraphValue output, T form, Fill<T> fill)
        where T : PackedCache.PackedForm
    {
        var (filter, bias) = (node.Inputs[1], node.Inputs[2]);
        var weights = builder.Declared(node, filter);
        var isRight = weights.Quantization switch
        {
            PayloadQuantization.PerTensor p => weights.Datatype == PayloadDatatype.QInt8 && p.ZeroPoint == 0,
            PayloadQuantization.PerChannel p => weights.Datatype == PayloadDatatype.QCInt8 && p.ChannelDimension == channelDimension,
            _ => false,
        };
        if (!isRight)
        {
            throw node.Source.NotSupported(
                "the filter is not quantised as the input is", $"qint8 with zero point 0, or qcint8 with channels in dimension {channelDimension}",
                $"{PayloadNames.Of(weights.Datatype)} {weights.Quantization}");
        }

        var hasBias = bias != PayloadValue.NoId;
        if (hasBias && builder.Declared(node, bias) is var b && (b.Datatype is not (PayloadDatatype.QInt32 or PayloadDatatype.QCInt32) || b.Shape.ElementCount != outputs))
        {
            throw node.Source.Invalid("the bias does not fit the filter", $"{outputs} elements of qint32 or qcint32", $"{PayloadNames.Of(b.Datatype)} {b.Shape}");
        }

        var data = builder.Bytes(node, filter);
        var offsets = hasBias ? builder.Bytes(node, bias) : null;
        if (data is null || (hasBias && offsets is null))
        {
            throw node.Source.NotSupported("the filter or bias is computed", "constants", $"values {filter} and {bias}");
        }

        // The factors are few and enter the key as they are.
        var scales = builder.Scales(node, filter);
        var factors = new float[outputs];
        for (var i = 0; i < outputs; i++)
        {
            factors[i] = input.PerTensor.Scale * scales[scales.Length == 1 ? 0 : i] / output.PerTensor.Scale;
        }

        var fingerprint = WeightPacker.Fingerprint(System.Runtime.InteropServices.MemoryMarshal.AsBytes(factors.AsSpan()));
        var zeroPoint = input.PerTensor.ZeroPoint;
        return WeightPacker.Pack(
            builder, $"{layout} {zeroPoint} {fingerprint}", [data, offsets], form,
            packed => fill(packed, (sbyte*)data.Pointer, offsets is null ? null : (int*)offsets.Pointer, factors, zeroPoint));
    }

    private static void Require(PayloadOperation node, float ratio, float low, float high)
    {
        if (!(ratio >= low && ratio < high))
        {
            throw node.Source.NotSupported("the scales are too far apart", $"a ratio from {low} to below {high}", ratio.ToString("R"));
        }
    }
}
