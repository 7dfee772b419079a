using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that make tensors from sizes and numbers.</summary>
internal static class FactoryRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(call => Filled(call, ScalarType.Float), "zeros ones empty rand randn");
        add(call => Filled(call, call.NumberType("fill_value") ?? ScalarType.Float), "full");
        add(call => Filled(call, call.Tensor("self").ScalarType), "new_zeros new_ones new_empty new_full");
        add(Like, "zeros_like ones_like full_like empty_like rand_like randn_like");
        add(call => [Layouts.Contiguous(call.DataType("dtype") ?? ScalarType.Float, [])], "scalar_tensor");
        add(Range, "arange");
        add(call => [Layouts.Contiguous(call.DataType("dtype") ?? ScalarType.Float, [call.Size("steps")])], "linspace logspace");
        add(call => [Layouts.Contiguous(call.DataType("dtype") ?? ScalarType.Float, [call.Size("n"), call.Has("m") ? call.Size("m") : call.Size("n")])], "eye");
        add(Triangle, "tril triu");
        add(DiagonalEmbed, "diag_embed");
        add(call => [Layouts.Dense(call.DataType("dtype") ?? ScalarType.Float, call.Sizes("size"),
            call.OptionalInts("dim_order") is { } dims ? [.. dims.Select(dim => (byte)dim)] : [])], "dim_order_ops::_empty_dim_order");
    }

    private static ImmutableArray<InferredValue> Filled(OperatorArguments call, ScalarType standard)
    {
        var sizes = call.Sizes("size");
        foreach (var size in sizes)
        {
            if (size.Maximum < 0)
            {
                throw call.Refuse("a size is negative", "0 or more", ShapeRules.Text(sizes));
            }
        }

        return [Layouts.Dense(call.DataType("dtype") ?? standard, sizes, call.Has("memory_format") ? Layouts.OfFormat(call.Option("memory_format"), sizes.Length) ?? [] : [])];
    }

    private static ImmutableArray<InferredValue> Like(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var type = call.DataType("dtype") ?? self.ScalarType;
        return [Layouts.OfFormat(call.Option("memory_format"), self.Rank) is { } order ? Layouts.Dense(type, self.Sizes, order)
            : Layouts.Elementwise(type, self.Sizes, self)];
    }

    private static ImmutableArray<InferredValue> Range(OperatorArguments call)
    {
        var areIntegers = IsInteger("start") && IsInteger("end") && IsInteger("step");
        var type = call.DataType("dtype") ?? (areIntegers ? ScalarType.Long : ScalarType.Float);
        if (areIntegers)
        {
            var (start, step) = (call.Has("start") ? call.Size("start") : 0, call.Has("step") ? call.Size("step") : 1);
            var end = call.Size("end");
            if (step is { IsConstant: true, Value: 0 })
            {
                throw call.Refuse("'step' is impossible", "a number other than 0", "0");
            }

            var length = step.Maximum < 0 ? (start - end - step - 1) / (0 - step) : (end - start + step - 1) / step;
            return length.Maximum >= 0 ? [Layouts.Contiguous(type, [SymbolicInt.Max(length, 0)])] : throw Wrong();
        }

        var (from, to, by) = (call.Has("start") ? call.Number("start") : 0, call.Number("end"), call.Has("step") ? call.Number("step") : 1);
        return from is { } first && to is { } last && by is { } each && each != 0 && Math.Ceiling((last - first) / each) is >= 0 and <= int.MaxValue and var count
            ? [Layouts.Contiguous(type, [(long)count])] : throw Wrong();

        bool IsInteger(string name) => !call.Has(name) || call.NumberType(name) is ScalarType.Long or ScalarType.Bool;

        TandemException Wrong() => call.Refuse("the range is impossible", "steps that lead from start to end", "another direction, or numbers that are not known ahead of time");
    }

    private static ImmutableArray<InferredValue> Triangle(OperatorArguments call)
    {
        var self = call.Tensor("self");
        return self.Rank >= 2 ? [Layouts.Contiguous(self.ScalarType, self.Sizes)] : throw call.Refuse("a triangle needs a matrix", "2 or more dimensions", self.ToString());
    }

    private static ImmutableArray<InferredValue> DiagonalEmbed(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var (first, second) = (call.Dim("dim1", self.Rank + 1), call.Dim("dim2", self.Rank + 1));
        if (self.Rank == 0 || first == second)
        {
            throw call.Refuse("a diagonal needs two dimensions", "different ones", $"{first} and {second}");
        }

        var side = self.Sizes[^1] + Math.Abs(call.Int("offset"));
        var rest = new Queue<SymbolicInt>(self.Sizes[..^1]);
        return [Layouts.Contiguous(self.ScalarType, [.. Enumerable.Range(0, self.Rank + 1).Select(dim => dim == first || dim == second ? side : rest.Dequeue())])];
    }
}
