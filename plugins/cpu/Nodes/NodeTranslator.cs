using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Makes the graph's node from a payload's.</summary>
internal static class NodeTranslator
{
    private const uint TransposeWeights = 0x1;
    private const uint SamePadding = 0x4;
    private const uint AlignCorners = 0x8;
    private const uint KeepDimensions = 0x40;
    private const uint NoBroadcast = 0x1000;

    // Bounds products of two of them within 31 bits.
    private const uint MaxWindow = 32767;

    /// <summary>Translates a node; null if it is a part of those that read its result.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static Node? Translate(PayloadOperation node, GraphBuilder builder)
    {
        CheckFlags(node);
        var isa = builder.InstructionSet;
        switch (node.Kind)
        {
            case PayloadNodeKind.Add:
                return Binary(BinaryKind.Add);
            case PayloadNodeKind.Subtract:
                return Binary(BinaryKind.Subtract);
            case PayloadNodeKind.Multiply:
                return Binary(BinaryKind.Multiply);
            case PayloadNodeKind.Div:
                return Binary(BinaryKind.Divide);
            case PayloadNodeKind.Minimum:
                return Binary(BinaryKind.Minimum);
            case PayloadNodeKind.Maximum:
                return Binary(BinaryKind.Maximum);
            case PayloadNodeKind.PReLU:
                return Binary(BinaryKind.PRelu);
            case PayloadNodeKind.Abs:
                return Unary(UnaryKind.Abs);
            case PayloadNodeKind.Negate:
                return Unary(UnaryKind.Negate);
            case PayloadNodeKind.Square:
                return Unary(UnaryKind.Square);
            case PayloadNodeKind.SquareRoot:
                return Unary(UnaryKind.SquareRoot);
            case PayloadNodeKind.ReciprocalSquareRoot:
                return Unary(UnaryKind.ReciprocalSquareRoot);
            case PayloadNodeKind.Exp:
                return Unary(UnaryKind.Exp);
            case PayloadNodeKind.Log:
                return Unary(UnaryKind.Log);
            case PayloadNodeKind.Sin:
                return Unary(UnaryKind.Sin);
            case PayloadNodeKind.Cos:
                return Unary(UnaryKind.Cos);
            case PayloadNodeKind.Tanh:
                return Unary(UnaryKind.Tanh);
            case PayloadNodeKind.Sigmoid:
                return Unary(UnaryKind.Sigmoid);
            case PayloadNodeKind.Gelu:
                return Unary(UnaryKind.Gelu);
            case PayloadNodeKind.Hardswish:
                return Unary(UnaryKind.Hardswish);
            case PayloadNodeKind.Floor:
                return Unary(UnaryKind.Floor);
            case PayloadNodeKind.Ceiling:
                return Unary(UnaryKind.Ceiling);
            case PayloadNodeKind.LeakyReLU:
                return Unary(UnaryKind.LeakyRelu, node.Parameter);
            case PayloadNodeKind.ELU:
                return Unary(UnaryKind.Elu, node.Parameter);
            case PayloadNodeKind.Clamp:
                return Unary(UnaryKind.Clamp, node.Minimum, node.Maximum);
            case PayloadNodeKind.Convert:
                return Convert(node, builder);
            case PayloadNodeKind.Copy:
                return Move((input, output) => new ReshapeNode(node.Source, null, input, output));
            case PayloadNodeKind.StaticReshape:
                var newShape = Ints(node, node.First, "new_shape");
                return Move((input, output) => new ReshapeNode(node.Source, newShape, input, output));
            case PayloadNodeKind.StaticTranspose:
                var permutation = Permutation(node);
                return Move((input, output) => new TransposeNode(node.Source, isa, permutation, input, output));
            case PayloadNodeKind.StaticSlice:
                var (offsets, sizes) = Pair(node, "offsets", "sizes");
                return Move((input, output) => new SliceNode(node.Source, isa, offsets, sizes, input, output));
            case PayloadNodeKind.StaticConstantPad:
                return Pad(node, builder);
            case PayloadNodeKind.Concatenate2 or PayloadNodeKind.Concatenate3 or PayloadNodeKind.Concatenate4 or PayloadNodeKind.Concatenate5:
                return Concatenate(node, builder);
            case PayloadNodeKind.Softmax:
                return new SoftmaxNode(node.Source, isa, builder.Read(node, node.Inputs[0]), builder.Write(node, node.Outputs[0]));
            case PayloadNodeKind.BatchMatrixMultiply:
                return new BatchMatrixMultiplyNode(
                    node.Source, isa, (node.Flags & TransposeWeights) != 0, builder.Read(node, node.Inputs[0]), builder.Read(node, node.Inputs[1]),
                    builder.Write(node, node.Outputs[0]));
            case PayloadNodeKind.FullyConnected:
                return FullyConnected(node, builder);
            case PayloadNodeKind.Conv2d:
                return Convolution(node, builder, ConvolutionKind.Dense);
            case PayloadNodeKind.DepthwiseConv2d:
                return Convolution(node, builder, ConvolutionKind.Depthwise);
            case PayloadNodeKind.ConvTranspose2d:
                return Convolution(node, builder, ConvolutionKind.Transposed);
            case PayloadNodeKind.AvgPooling2d:
                return Pooling(node, builder, PoolingKind.Average);
            case PayloadNodeKind.MaxPooling2d:
                return Pooling(node, builder, PoolingKind.Maximum);
            case PayloadNodeKind.ArgMaxPooling2d:
                return Pooling(node, builder, PoolingKind.ArgMax);
            case PayloadNodeKind.GlobalAvgPooling2d:
                var keeps = (node.Flags & KeepDimensions) != 0
                    || builder.Declared(node, node.Inputs[0]).Shape.Rank == builder.Declared(node, node.Outputs[0]).Shape.Rank;
                if (QuantizedTranslator.IsQuantized(node, builder))
                {
                    return QuantizedTranslator.Pooling(node, builder, false, null, keeps);
                }

                return new GlobalAveragePoolingNode(
                    node.Source, isa, keeps, builder.Read(node, node.Inputs[0]), builder.Write(node, node.Outputs[0]), node.Minimum, node.Maximum);
            case PayloadNodeKind.StaticResizeBilinear2D:
                return Resize(node, builder);
            default:
                throw node.Source.NotSupported("the CPU plugin does not run this node");
        }

        Node Binary(BinaryKind kind)
        {
            if (QuantizedTranslator.IsQuantized(node, builder))
            {
                return QuantizedTranslator.Binary(node, builder);
            }

            // Only arithmetic takes bounds; the others state none that count.
            var takesBounds = kind is BinaryKind.Add or BinaryKind.Subtract or BinaryKind.Multiply or BinaryKind.Divide;
            return new BinaryNode(
                node.Source, kind, isa, builder.Read(node, node.Inputs[0]), builder.Read(node, node.Inputs[1]), builder.Write(node, node.Outputs[0]),
                takesBounds ? node.Minimum : float.NegativeInfinity, takesBounds ? node.Maximum : float.PositiveInfinity);
        }

        Node Unary(UnaryKind kind, float a = 0, float b = 0) => QuantizedTranslator.IsQuantized(node, builder)
            ? QuantizedTranslator.Unary(node, builder, kind, a, b)
            : new UnaryNode(node.Source, kind, isa, builder.Read(node, node.Inputs[0]), builder.Write(node, node.Outputs[0]), a, b);

        Node Move(Func<int, int, Node> create)
        {
            var input = builder.Read(node, node.Inputs[0], ValueTypes.Float | ValueTypes.Int | ValueTypes.Quantized);
            var output = builder.Write(node, node.Outputs[0], TypeOf(builder, input));
            QuantizedTranslator.RequireSame(node, builder.Values[input], builder.Values[output]);
            return create(input, output);
        }
    }

    private static ValueTypes TypeOf(GraphBuilder builder, int value) =>
        builder.Values[value].Quantization is not null ? ValueTypes.Quantized
        : builder.Values[value].ScalarType == ScalarType.Int ? ValueTypes.Int : ValueTypes.Float;

    private static Node? Convert(PayloadOperation node, GraphBuilder builder)
    {
        if (QuantizedTranslator.IsQuantized(node, builder))
        {
            return QuantizedTranslator.Unary(node, builder, null, 0, 0);
        }

        var input = builder.Read(node, node.Inputs[0]);
        if (DynamicQuantizationTranslator.IsDynamic(builder, node, node.Outputs[0]))
        {
            builder.WriteDynamic(node, node.Outputs[0], input);
            return null;
        }

        var output = builder.Write(node, node.Outputs[0]);
        return builder.Values[output].Precision is { } precision && builder.Values[input].Precision != precision
            ? new UnaryNode(node.Source, Rounding(precision), builder.InstructionSet, input, output)
            : new ReshapeNode(node.Source, null, input, output);
    }

    /// <summary>What rounds floats to a type of two bytes.</summary>
    internal static UnaryKind Rounding(ScalarType precision) => precision == ScalarType.Half ? UnaryKind.RoundToHalf : UnaryKind.RoundToBFloat16;

    private static PadNode Pad(PayloadOperation node, GraphBuilder builder)
    {
        var (before, after) = Pair(node, "pre_paddings", "post_paddings");
        var input = builder.Read(node, node.Inputs[0], ValueTypes.Float | ValueTypes.Quantized);
        var output = builder.Write(node, node.Outputs[0], TypeOf(builder, input));
        QuantizedTranslator.RequireSame(node, builder.Values[input], builder.Values[output]);
        var isQuantized = builder.Values[input].Quantization is not null;
        var code = isQuantized
            ? (byte)QuantizedTranslator.Bounds(node with { Minimum = node.Parameter, Maximum = float.PositiveInfinity }, builder.Values[output]).Minimum : (byte)0;
        return new PadNode(node.Source, builder.InstructionSet, before, after, node.Parameter, code, input, output);
    }

    private static ConcatenateNode Concatenate(PayloadOperation node, GraphBuilder builder)
    {
        var inputs = new int[node.Inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = builder.Read(node, node.Inputs[i], ValueTypes.Float | ValueTypes.Int | ValueTypes.Quantized);
            if (builder.Values[inputs[i]].ScalarType != builder.Values[inputs[0]].ScalarType)
            {
                throw node.Source.Invalid("the inputs differ in element type");
            }
        }

        var output = builder.Write(node, node.Outputs[0], TypeOf(builder, inputs[0]));
        foreach (var input in inputs)
        {
            QuantizedTranslator.RequireSame(node, builder.Values[input], builder.Values[output]);
        }

        return new ConcatenateNode(node.Source, node.Axis, inputs, output);
    }

    private static Node FullyConnected(PayloadOperation node, GraphBuilder builder)
    {
        var isTransposed = (node.Flags & TransposeWeights) != 0;
        if (QuantizedTranslator.IsQuantized(node, builder))
        {
            return QuantizedTranslator.FullyConnected(node, builder, isTransposed);
        }

        if (DynamicQuantizationTranslator.IsDynamic(builder, node, node.Inputs[0]))
        {
            return DynamicQuantizationTranslator.FullyConnected(node, builder, isTransposed);
        }

        var input = builder.Read(node, node.Inputs[0]);
        var (filter, bias) = (node.Inputs[1], node.Inputs[2]);
        var isConstant = builder.Constant(node, filter) is not null && (bias == PayloadValue.NoId || builder.Constant(node, bias) is not null);
        if (!isConstant)
        {
            return new DynamicFullyConnectedNode(
                node.Source, builder.InstructionSet, isTransposed, input, builder.Read(node, filter), bias == PayloadValue.NoId ? -1 : builder.Read(node, bias),
                builder.Write(node, node.Outputs[0]), node.Minimum, node.Maximum);
        }

        var shape = builder.Declared(node, filter).Shape;
        if (shape.Rank != 2)
        {
            throw node.Source.Invalid("the filter is no matrix", isTransposed ? "[IC, OC]" : "[OC, IC]", shape.ToString());
        }

        var (n, k) = isTransposed ? (shape.FromEnd(1), shape.FromEnd(2)) : (shape.FromEnd(2), shape.FromEnd(1));
        CheckConstant(node, builder, filter, bias, n);
        return new FullyConnectedNode(
            node.Source, WeightPacker.Matrix(builder, node, filter, bias, n, k, isTransposed), input, builder.Write(node, node.Outputs[0]),
            node.Minimum, node.Maximum);
    }

    private static Node Convolution(PayloadOperation node, GraphBuilder builder, ConvolutionKind kind)
    {
        var c = node.Convolution!;
        var (filter, bias) = (node.Inputs[1], node.Inputs[2]);
        var parameters = new ConvolutionParameters(
            Window(node, "kernel_height", c.KernelHeight, 1), Window(node, "kernel_width", c.KernelWidth, 1),
            Window(node, "subsampling_height", c.StrideHeight, 1), Window(node, "subsampling_width", c.StrideWidth, 1),
            Window(node, "dilation_height", c.DilationHeight, 1), Window(node, "dilation_width", c.DilationWidth, 1),
            Window(node, "padding_top", c.PaddingTop, 0), Window(node, "padding_left", c.PaddingLeft, 0),
            Count(node, "groups", c.Groups), Count(node, "group_input_channels", c.GroupInputChannels),
            Count(node, "group_output_channels", c.GroupOutputChannels));
        var geometry = new ConvolutionGeometry(
            parameters, Window(node, "padding_bottom", c.PaddingBottom, 0), Window(node, "padding_right", c.PaddingRight, 0),
            Window(node, "adjustment_height", c.AdjustmentHeight, 0), Window(node, "adjustment_width", c.AdjustmentWidth, 0),
            (node.Flags & SamePadding) != 0);
        var outputs = (long)parameters.Groups * parameters.GroupOutputChannels;
        if (outputs > int.MaxValue || (long)parameters.Groups * parameters.GroupInputChannels > int.MaxValue)
        {
            throw node.Source.Invalid("there are too many channels", $"at most {int.MaxValue}", $"{outputs}");
        }

        var expected = kind == ConvolutionKind.Depthwise
            ? new Shape([1, parameters.KernelHeight, parameters.KernelWidth, (int)outputs])
            : new Shape([(int)outputs, parameters.KernelHeight, parameters.KernelWidth, parameters.GroupInputChannels]);
        var shape = builder.Declared(node, filter).Shape;
        if (!shape.Equals(expected) || (kind == ConvolutionKind.Depthwise && parameters.GroupInputChannels != 1))
        {
            throw node.Source.Invalid("the filter's shape is not the one of the attributes", expected.ToString(), shape.ToString());
        }

        if (QuantizedTranslator.IsQuantized(node, builder))
        {
            return QuantizedTranslator.Convolution(node, builder, kind, geometry);
        }

        if (DynamicQuantizationTranslator.IsDynamic(builder, node, node.Inputs[0]))
        {
            return DynamicQuantizationTranslator.Convolution(node, builder, kind, geometry);
        }

        if (builder.Constant(node, filter) is null || (bias != PayloadValue.NoId && builder.Constant(node, bias) is null))
        {
            throw node.Source.NotSupported("the filter or bias is computed", "constants", $"values {filter} and {bias}");
        }

        CheckConstant(node, builder, filter, bias, (int)outputs);
        var input = builder.Read(node, node.Inputs[0]);
        var output = builder.Write(node, node.Outputs[0]);
        return kind == ConvolutionKind.Depthwise
            ? new ConvolutionNode(
                node.Source, kind, geometry, null, WeightPacker.Depthwise(builder, node, filter, bias, parameters), input, output, node.Minimum, node.Maximum)
            : new ConvolutionNode(
                node.Source, kind, geometry, WeightPacker.Convolution(builder, node, filter, bias, parameters, kind == ConvolutionKind.Transposed), null,
                input, output, node.Minimum, node.Maximum)
            { AllowsWinograd = builder.AllowsWinograd };
    }

    private static Node Pooling(PayloadOperation node, GraphBuilder builder, PoolingKind kind)
    {
        var p = node.Pooling!;
        var hasDilation = kind == PoolingKind.Maximum;
        var geometry = new PoolingGeometry(
            Window(node, "padding_top", p.PaddingTop, 0), Window(node, "padding_right", p.PaddingRight, 0),
            Window(node, "padding_bottom", p.PaddingBottom, 0), Window(node, "padding_left", p.PaddingLeft, 0),
            Window(node, "pooling_height", p.Height, 1), Window(node, "pooling_width", p.Width, 1),
            Window(node, "stride_height", p.StrideHeight, 1), Window(node, "stride_width", p.StrideWidth, 1),
            hasDilation ? Window(node, "dilation_height", p.DilationHeight, 1) : 1, hasDilation ? Window(node, "dilation_width", p.DilationWidth, 1) : 1,
            (node.Flags & SamePadding) != 0);
        if (kind != PoolingKind.ArgMax && QuantizedTranslator.IsQuantized(node, builder))
        {
            return QuantizedTranslator.Pooling(node, builder, kind == PoolingKind.Maximum, geometry, true);
        }

        var input = builder.Read(node, node.Inputs[0]);
        int[] outputs = kind == PoolingKind.ArgMax
            ? [builder.Write(node, node.Outputs[0]), builder.Write(node, node.Outputs[1], ValueTypes.Int)]
            : [builder.Write(node, node.Outputs[0])];
        return new PoolingNode(node.Source, kind, geometry, builder.InstructionSet, input, outputs, node.Minimum, node.Maximum);
    }

    private static ResizeBilinearNode Resize(PayloadOperation node, GraphBuilder builder)
    {
        var size = Ints(node, node.First, "new_height, new_width");
        var mode = (node.Flags & AlignCorners) != 0 ? ResizeMode.AlignCorners
            : (node.Flags & SamePadding) != 0 ? ResizeMode.Legacy : ResizeMode.HalfPixelCenters;
        return new ResizeBilinearNode(
            node.Source, builder.InstructionSet, size[0], size[1], mode, builder.Read(node, node.Inputs[0]), builder.Write(node, node.Outputs[0]));
    }

    private static void CheckFlags(PayloadOperation node)
    {
        var known = node.Kind switch
        {
            PayloadNodeKind.FullyConnected or PayloadNodeKind.BatchMatrixMultiply => TransposeWeights,
            PayloadNodeKind.Conv2d or PayloadNodeKind.DepthwiseConv2d => SamePadding,
            PayloadNodeKind.AvgPooling2d or PayloadNodeKind.MaxPooling2d or PayloadNodeKind.ArgMaxPooling2d => SamePadding | KeepDimensions,
            PayloadNodeKind.GlobalAvgPooling2d => KeepDimensions,
            PayloadNodeKind.StaticResizeBilinear2D => AlignCorners | SamePadding,
            PayloadNodeKind.Add or PayloadNodeKind.Subtract or PayloadNodeKind.Multiply or PayloadNodeKind.Div or PayloadNodeKind.Minimum
                or PayloadNodeKind.Maximum or PayloadNodeKind.PReLU => NoBroadcast,
            _ => 0u,
        };
        if ((node.Flags & ~known) != 0)
        {
            throw node.Source.NotSupported("a flag has no meaning here", $"bits of 0x{known:x}", $"0x{node.Flags:x}");
        }
    }

    private static void CheckConstant(PayloadOperation node, GraphBuilder builder, uint filter, uint bias, int outputs)
    {
        foreach (var id in (ReadOnlySpan<uint>)[filter, bias])
        {
            if (id != PayloadValue.NoId && builder.Declared(node, id).Datatype == PayloadDatatype.Int32)
            {
                throw node.Source.NotSupported("the filter or bias is of an integer type", "fp32, fp16 or bf16", $"value {id}");
            }
        }

        if (bias != PayloadValue.NoId && builder.Declared(node, bias).Shape.ElementCount != outputs)
        {
            throw node.Source.Invalid("the bias does not fit the filter", $"{outputs} elements", builder.Declared(node, bias).Shape.ToString());
        }
    }

    private static int[] Permutation(PayloadOperation node)
    {
        var permutation = Ints(node, node.First, "perm");
        var seen = 0;
        foreach (var dimension in permutation)
        {
            seen |= dimension < permutation.Length ? 1 << dimension : 0;
        }

        return seen == (1 << permutation.Length) - 1 ? permutation
            : throw node.Source.Invalid("the permutation is none", $"each of 0 to {permutation.Length - 1} once", string.Join(", ", permutation));
    }

    private static (int[] First, int[] Second) Pair(PayloadOperation node, string first, string second)
    {
        var (a, b) = (Ints(node, node.First, first), Ints(node, node.Second, second));
        return a.Length == b.Length ? (a, b)
            : throw node.Source.Invalid($"{first} and {second} differ in length", $"{a.Length}", $"{b.Length}");
    }

    private static int[] Ints(PayloadOperation node, uint[] values, string name)
    {
        var result = new int[values.Length];
        for (var i = 0; i < result.Length; i++)
        {
            if (values.Length > Shape.MaxRank || values[i] > int.MaxValue)
            {
                throw node.Source.Invalid($"{name} is impossible", $"at most {Shape.MaxRank} numbers up to {int.MaxValue}", string.Join(", ", values));
            }

            result[i] = (int)values[i];
        }

        return result;
    }

    private static int Window(PayloadOperation node, string name, uint value, uint least) => value >= least && value <= MaxWindow ? (int)value
        : throw node.Source.Invalid($"{name} is impossible", $"{least} to {MaxWindow}", value.ToString());

    private static int Count(PayloadOperation node, string name, uint value) => value is >= 1 and <= int.MaxValue ? (int)value
        : throw node.Source.Invalid($"{name} is impossible", $"1 to {int.MaxValue}", value.ToString());
}
