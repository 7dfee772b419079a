using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of operators that make tensors, and of copies with a layout.</summary>
internal static class FactorySpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        foreach (var name in (ReadOnlySpan<string>)["zeros", "ones", "rand", "randn", "empty", "empty_permuted"])
        {
            rules.Add("aten::" + name, call => [Sized(call, call.DataType("dtype") ?? ScalarType.Float)]);
        }

        rules.Add("aten::full", call => [Sized(call, call.DataType("dtype") ?? OfNumber(call.Argument("fill_value")))]);
        rules.Add("aten::scalar_tensor", call => [SpecInference.Contiguous(call.DataType("dtype") ?? ScalarType.Float, [])]);
        foreach (var name in (ReadOnlySpan<string>)["full_like", "zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"])
        {
            rules.Add("aten::" + name, call => [ViewSpecs.Self(call) with { ScalarType = call.DataType("dtype") ?? ViewSpecs.Self(call).ScalarType, Strides = default, StorageOffset = 0 }]);
        }

        rules.Add("aten::arange", call => [Arange(call)]);
        rules.Add("dim_order_ops::_to_dim_order_copy", call => [Ordered(call, call.DataType("dtype"))]);
        rules.Add("dim_order_ops::_clone_dim_order", call => [Ordered(call, null)]);
        rules.Add("dim_order_ops::_empty_dim_order", call =>
        {
            var spec = Sized(call, call.DataType("dtype") ?? ScalarType.Float);
            return [call.OptionalInts("dim_order") is { } order ? spec with { DimOrder = [.. order.Select(dim => (byte)dim)] } : spec];
        });
        rules.Add("aten::_to", call => [Copied(call, call.DataType("dtype") ?? ViewSpecs.Self(call).ScalarType)]);
        rules.Add("aten::clone", call => [Copied(call, ViewSpecs.Self(call).ScalarType)]);
    }

    /// <summary>The dim order that a memory format asks for; null for "as it is".</summary>
    internal static ImmutableArray<byte>? Order(string? memoryFormat, int rank) => memoryFormat switch
    {
        "contiguous_format" => [.. Enumerable.Range(0, rank).Select(dim => (byte)dim)],
        "channels_last" when rank == 4 => [0, 2, 3, 1],
        "channels_last_3d" when rank == 5 => [0, 2, 3, 4, 1],
        _ => null,
    };

    private static TensorSpec Copied(OperatorCall call, ScalarType type)
    {
        var spec = ViewSpecs.Self(call);
        return new TensorSpec(type, spec.Sizes, Order(call.MemoryFormat(), spec.Rank) ?? spec.DimOrder);
    }

    private static TensorSpec Ordered(OperatorCall call, ScalarType? type)
    {
        var spec = ViewSpecs.Self(call);
        return new TensorSpec(type ?? spec.ScalarType, spec.Sizes, call.OptionalInts("dim_order") is { } order ? [.. order.Select(dim => (byte)dim)] : spec.DimOrder);
    }

    private static TensorSpec Sized(OperatorCall call, ScalarType type) => SpecInference.Contiguous(type, call.List("size").Select(call.Size));

    private static ScalarType OfNumber(GraphArgument number) => number switch
    {
        GraphArgument.Float => ScalarType.Float,
        GraphArgument.Bool => ScalarType.Bool,
        _ => ScalarType.Long,
    };

    private static TensorSpec Arange(OperatorCall call)
    {
        var (start, end, step) = (call.Find("start") ?? new GraphArgument.Int(0), call.Argument("end"), call.Find("step") ?? new GraphArgument.Int(1));
        var isFloat = start is GraphArgument.Float || end is GraphArgument.Float || step is GraphArgument.Float;
        var type = call.DataType("dtype") ?? (isFloat ? ScalarType.Float : ScalarType.Long);
        if (isFloat)
        {
            return SpecInference.Contiguous(type, [(long)Math.Max(Math.Ceiling((Number(call, end) - Number(call, start)) / Number(call, step)), 0)]);
        }

        var (difference, by) = (SymbolicMath.Subtract(call.Size(end), call.Size(start)), call.Size(step));
        if (difference.IsConstant && by.IsConstant)
        {
            return SpecInference.Contiguous(type, [(long)Math.Max(Math.Ceiling((double)difference.Value / by.Value), 0)]);
        }

        return SpecInference.Contiguous(type, [by is { IsConstant: true, Value: 1 } ? difference : SymbolicMath.FloorDivide(SymbolicMath.Add(difference, SymbolicMath.Subtract(by, 1)), by)]);
    }

    private static double Number(OperatorCall call, GraphArgument argument) => argument is GraphArgument.Float number ? number.Value
        : call.Size(argument) is { IsConstant: true } size ? size.Value : throw call.Refuse("its bounds are not known ahead of time");
}
