using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>The operators of PT2E and torchao around a method's nodes, as exporters write them.</summary>
internal static class QuantisedGraph
{
    public static EdgeMethod.Name Quantise(
        this EdgeMethod e, EdgeMethod.Name x, SymbolicInt[] sizes, double scale = 0.5, int zeroPoint = 3, int least = -128, int most = 127, ScalarType type = ScalarType.Char) =>
        e.Node($"{x.Text}_q", "quantized_decomposed::quantize_per_tensor", type, sizes, ("input", x), ("scale", scale), ("zero_point", zeroPoint),
            ("quant_min", least), ("quant_max", most), ("dtype", new GraphArgument.DataType(type)));

    public static EdgeMethod.Name Dequantise(
        this EdgeMethod e, EdgeMethod.Name codes, SymbolicInt[] sizes, double scale = 0.5, int zeroPoint = 3, string suffix = "d", ScalarType type = ScalarType.Char) =>
        e.Node($"{codes.Text}_{suffix}", "quantized_decomposed::dequantize_per_tensor", sizes, ("input", codes), ("scale", scale), ("zero_point", zeroPoint),
            ("quant_min", -128), ("quant_max", 127), ("dtype", new GraphArgument.DataType(type)));

    /// <summary>Numbers, quantised and back.</summary>
    public static EdgeMethod.Name Round(this EdgeMethod e, EdgeMethod.Name x, SymbolicInt[] sizes, double scale = 0.5, int zeroPoint = 3) =>
        e.Dequantise(e.Quantise(x, sizes, scale, zeroPoint), sizes, scale, zeroPoint);

    public static EdgeMethod.Name Codes(this EdgeMethod e, string name, sbyte[] codes, params int[] sizes) => e.Stored(
        name, GraphInputKind.Parameter, Spec(ScalarType.Char, sizes), MemoryMarshal.AsBytes(codes.AsSpan()).ToArray());

    public static EdgeMethod.Name Longs(this EdgeMethod e, string name, params long[] values) => e.Stored(
        name, GraphInputKind.Buffer, Spec(ScalarType.Long, [values.Length]), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>A weight with a scale for each index of a dimension.</summary>
    public static EdgeMethod.Name PerChannel(
        this EdgeMethod e, string name, sbyte[] codes, int[] sizes, float[] scales, long[]? zeroPoints = null, int axis = 0, int least = -127, int most = 127) =>
        e.Node($"{name}_d", "quantized_decomposed::dequantize_per_channel", Symbolic(sizes), ("input", e.Codes(name, codes, sizes)),
            ("scales", e.Parameter($"{name}_s", scales, scales.Length)), ("zero_points", e.Longs($"{name}_z", zeroPoints ?? new long[scales.Length])), ("axis", axis),
            ("quant_min", least), ("quant_max", most), ("dtype", new GraphArgument.DataType(ScalarType.Char)));

    /// <summary>A weight in torchao's blocks.</summary>
    public static EdgeMethod.Name Affine(this EdgeMethod e, string name, sbyte[] codes, int[] sizes, int group, float[] scales, int least = -8, int most = 7) =>
        e.Node($"{name}_d", "torchao::dequantize_affine", Symbolic(sizes), ("input", e.Codes(name, codes, sizes)), ("block_size", (int[])[1, group]),
            ("scale", e.Parameter($"{name}_s", scales, sizes[0], scales.Length / sizes[0])), ("zero_point", new GraphArgument.None()),
            ("input_dtype", new GraphArgument.DataType(ScalarType.Char)), ("quant_min", least), ("quant_max", most));

    /// <summary>Rows, quantised when called and back, as torchao writes it.</summary>
    public static EdgeMethod.Name AffineRows(this EdgeMethod e, EdgeMethod.Name x, SymbolicInt[] sizes, int? block = null, string mapping = "ASYMMETRIC")
    {
        int[] rows = [.. Enumerable.Repeat(1, sizes.Length - 1), block ?? (int)sizes[^1].Value];
        var (scale, zero, type) = (new EdgeMethod.Name($"{x.Text}_s"), new EdgeMethod.Name($"{x.Text}_z"), new GraphArgument.DataType(ScalarType.Char));
        e.Nodes($"{x.Text}_choose", "torchao::choose_qparams_affine",
            [(scale.Text, TensorSpec.Contiguous(ScalarType.Float, sizes[..^1])), (zero.Text, TensorSpec.Contiguous(ScalarType.Char, sizes[..^1]))],
            ("input", x), ("mapping_type", mapping), ("block_size", rows), ("target_dtype", type), ("quant_min", -128), ("quant_max", 127));
        var codes = e.Node($"{x.Text}_q", "torchao::quantize_affine", ScalarType.Char, sizes, ("input", x), ("block_size", rows), ("scale", scale), ("zero_point", zero),
            ("output_dtype", type), ("quant_min", -128), ("quant_max", 127));
        return e.Node($"{x.Text}_d", "torchao::dequantize_affine", sizes, ("input", codes), ("block_size", rows), ("scale", scale), ("zero_point", zero),
            ("input_dtype", type), ("quant_min", -128), ("quant_max", 127));
    }

    /// <summary>A tensor, quantised when called and back, as PT2E writes it.</summary>
    public static EdgeMethod.Name DynamicRound(this EdgeMethod e, EdgeMethod.Name x, SymbolicInt[] sizes)
    {
        var (scale, zero, type) = (new EdgeMethod.Name($"{x.Text}_s"), new EdgeMethod.Name($"{x.Text}_z"), new GraphArgument.DataType(ScalarType.Char));
        e.Nodes($"{x.Text}_choose", "quantized_decomposed::choose_qparams.tensor",
            [(scale.Text, TensorSpec.Contiguous(ScalarType.Double, 1)), (zero.Text, TensorSpec.Contiguous(ScalarType.Long, 1))],
            ("input", x), ("quant_min", -128), ("quant_max", 127), ("eps", 0.000244140625), ("dtype", type));
        (string, object)[] rest = [("scale", scale), ("zero_point", zero), ("quant_min", -128), ("quant_max", 127), ("dtype", type)];
        var codes = e.Node($"{x.Text}_q", "quantized_decomposed::quantize_per_tensor.tensor", ScalarType.Char, sizes, [("input", x), .. rest]);
        return e.Node($"{x.Text}_d", "quantized_decomposed::dequantize_per_tensor.tensor", sizes, [("input", codes), .. rest]);
    }

    public static sbyte[] SomeCodes(int count, int least = -127, int most = 127) => [.. Enumerable.Range(0, count).Select(i => (sbyte)(least + (i * 37 % (most - least + 1))))];

    private static TensorSpec Spec(ScalarType type, int[] sizes) => TensorSpec.Contiguous(type, Symbolic(sizes));

    private static SymbolicInt[] Symbolic(int[] sizes) => Array.ConvertAll(sizes, static size => (SymbolicInt)(long)size);
}
