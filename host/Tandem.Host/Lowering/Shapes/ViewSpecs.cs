using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of operators that move elements: views and their copies, joins, splits.</summary>
internal static class ViewSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        foreach (var name in (ReadOnlySpan<string>)["aten::view", "aten::_unsafe_view", "aten::reshape", "aten::_reshape_alias"])
        {
            rules.Add(name, call => [View(call, call.List(name == "aten::reshape" ? "shape" : "size"))]);
        }

        rules.Add("aten::permute", call =>
        {
            var spec = Self(call);
            return [Moved(spec, call.Ints("dims").Select(dim => spec.Sizes[call.Wrap(dim, spec.Rank)]))];
        });
        rules.Add("aten::transpose", call =>
        {
            var spec = Self(call);
            var (first, second) = (call.Dim("dim0", spec.Rank), call.Dim("dim1", spec.Rank));
            return [Moved(spec, spec.Rank == 0 ? spec.Sizes : spec.Sizes.SetItem(first, spec.Sizes[second]).SetItem(second, spec.Sizes[first]))];
        });
        rules.Add("aten::t", call => [Moved(Self(call), Self(call).Sizes.Reverse())]);
        rules.Add("aten::unsqueeze", call => [Moved(Self(call), Self(call).Sizes.Insert(call.Dim("dim", Self(call).Rank + 1), 1))]);
        rules.Add("aten::squeeze", call => [Squeeze(call, Enumerable.Range(0, Self(call).Rank))]);
        rules.Add("aten::squeeze.dim", call => [Squeeze(call, [call.Dim("dim", Self(call).Rank)])]);
        rules.Add("aten::squeeze_copy.dim", rules["aten::squeeze.dim"]);
        rules.Add("aten::squeeze.dims", call => [Squeeze(call, call.Ints("dim").Select(dim => call.Wrap(dim, Self(call).Rank)))]);
        rules.Add("aten::squeeze_copy.dims", rules["aten::squeeze.dims"]);
        rules.Add("aten::expand", call =>
        {
            var (spec, sizes) = (Self(call), call.List("size"));
            var missing = sizes.Length - spec.Rank;
            return [Moved(spec, sizes.Select((size, i) => size is GraphArgument.Int { Value: -1 } ? spec.Sizes[i - missing] : call.Size(size)))];
        });
        rules.Add("aten::slice", call =>
        {
            var spec = Self(call);
            var dim = call.Dim("dim", spec.Rank);
            return [Moved(spec, spec.Sizes.SetItem(dim, Sliced(call, spec.Sizes[dim])))];
        });
        rules.Add("aten::narrow", call => [Moved(Self(call), Self(call).Sizes.SetItem(call.Dim("dim", Self(call).Rank), call.Size(call.Argument("length"))))]);
        rules.Add("aten::select", call => [Moved(Self(call), Self(call).Sizes.RemoveAt(call.Dim("dim", Self(call).Rank)))]);
        rules.Add("aten::unbind", call =>
        {
            var spec = Self(call);
            var dim = call.Dim("dim", spec.Rank);
            return [.. Enumerable.Repeat(Moved(spec, spec.Sizes.RemoveAt(dim)), (int)Known(call, spec.Sizes[dim]))];
        });
        rules.Add("aten::split_with_sizes", call =>
        {
            var spec = Self(call);
            var dim = call.Dim("dim", spec.Rank);
            return [.. call.List("split_sizes").Select(size => Moved(spec, spec.Sizes.SetItem(dim, call.Size(size))))];
        });
        rules.Add("aten::split", call =>
        {
            var spec = Self(call);
            var dim = call.Dim("dim", spec.Rank);
            var (size, part) = (Known(call, spec.Sizes[dim]), call.Int("split_size"));
            return [.. Enumerable.Range(0, (int)Math.Max((size + part - 1) / Math.Max(part, 1), 1)).Select(i => Moved(spec, spec.Sizes.SetItem(dim, Math.Min(part, size - (i * part)))))];
        });
        rules.Add("aten::diagonal", call =>
        {
            var spec = Self(call);
            var (first, second, offset) = (call.Dim("dim1", spec.Rank), call.Dim("dim2", spec.Rank), call.Int("offset"));
            var (rows, columns) = (spec.Sizes[first], spec.Sizes[second]);
            var count = offset >= 0 ? SymbolicMath.Min(rows, SymbolicMath.Subtract(columns, offset)) : SymbolicMath.Min(SymbolicMath.Add(rows, offset), columns);
            return [Moved(spec, spec.Sizes.Where((_, i) => i != first && i != second).Append(SymbolicMath.Max(count, 0)))];
        });
        rules.Add("aten::as_strided", call => [Moved(Self(call), call.List("size").Select(call.Size))]);
        rules.Add("aten::unfold", call =>
        {
            var spec = Self(call);
            var (dim, size, step) = (call.Dim("dimension", spec.Rank), call.Int("size"), call.Int("step"));
            var windows = spec.Rank == 0 ? 1 : SymbolicMath.Add(SymbolicMath.FloorDivide(SymbolicMath.Subtract(spec.Sizes[dim], size), step), 1);
            return [Moved(spec, (spec.Rank == 0 ? [] : spec.Sizes.SetItem(dim, windows)).Append(size))];
        });
        rules.Add("aten::repeat", call =>
        {
            var (spec, repeats) = (Self(call), call.List("repeats"));
            var missing = repeats.Length - spec.Rank;
            return [Moved(spec, repeats.Select((count, i) => SymbolicMath.Multiply(call.Size(count), i < missing ? 1 : spec.Sizes[i - missing])))];
        });
        rules.Add("aten::cat", call => [Cat(call)]);
        rules.Add("aten::stack", call =>
        {
            var specs = call.Tensors("tensors").Select(tensor => tensor.Tensor!).ToArray();
            return [SpecInference.Contiguous(TypeRules.Result(specs), specs[0].Sizes.Insert(call.Dim("dim", specs[0].Rank + 1), specs.Length))];
        });
        rules.Add("aten::view_as_real", call =>
        {
            var type = Self(call).ScalarType switch { ScalarType.ComplexDouble => ScalarType.Double, ScalarType.ComplexHalf => ScalarType.Half, _ => ScalarType.Float };
            return [SpecInference.Contiguous(type, Self(call).Sizes.Add(2))];
        });
    }

    internal static TensorSpec Self(OperatorCall call) => call.Tensor("self").Tensor!;

    internal static long Known(OperatorCall call, SymbolicInt size) => size.IsConstant ? size.Value : throw call.Refuse($"it needs a size that is known ahead of time, not {size}");

    /// <summary>The sizes of a view: one of them may be -1.</summary>
    internal static SymbolicInt[] Resolve(OperatorCall call, TensorSpec spec, GraphArgument[] requested)
    {
        var sizes = requested.Select(size => size is GraphArgument.Int { Value: -1 } ? -1 : call.Size(size)).ToArray();
        var inferred = Array.FindIndex(requested, size => size is GraphArgument.Int { Value: -1 });
        if (inferred >= 0)
        {
            // Sizes that stand on both sides cancel before anything is multiplied.
            var (above, below) = (spec.Sizes.ToList(), sizes.Where((_, i) => i != inferred).ToList());
            for (var i = below.Count - 1; i >= 0; i--)
            {
                var twin = above.FindIndex(size => SymbolicMath.AreEqual(size, below[i]));
                if (twin >= 0 && below[i] is not { IsConstant: true, Value: 0 })
                {
                    above.RemoveAt(twin);
                    below.RemoveAt(i);
                }
            }

            var divisor = SymbolicMath.Product([.. below]);
            sizes[inferred] = divisor is { IsConstant: true, Value: 0 } ? 0 : SymbolicMath.FloorDivide(SymbolicMath.Product([.. above]), divisor);
        }

        return sizes;
    }

    private static TensorSpec View(OperatorCall call, GraphArgument[] size) => Moved(Self(call), Resolve(call, Self(call), size));

    private static TensorSpec Moved(TensorSpec spec, IEnumerable<SymbolicInt> sizes) => SpecInference.Contiguous(spec.ScalarType, sizes);

    private static TensorSpec Squeeze(OperatorCall call, IEnumerable<int> dims)
    {
        var spec = Self(call);
        var removed = dims.Where(dim => spec.Rank > 0 && spec.Sizes[dim] is { IsConstant: true, Value: 1 }).ToHashSet();
        return Moved(spec, spec.Sizes.Where((_, i) => !removed.Contains(i)));
    }

    private static TensorSpec Cat(OperatorCall call)
    {
        var specs = call.Tensors("tensors").Select(tensor => tensor.Tensor!).ToArray();
        var type = TypeRules.Result(specs);
        // A tensor of the sizes [0] joins with anything.
        var joined = specs.Where(spec => spec is not { Rank: 1 } || spec.Sizes[0] is not { IsConstant: true, Value: 0 }).ToArray();
        if (joined.Length == 0)
        {
            return SpecInference.Contiguous(type, [0]);
        }

        var dim = call.Dim("dim", joined[0].Rank);
        SymbolicInt total = 0;
        foreach (var spec in joined)
        {
            total = SymbolicMath.Add(total, spec.Sizes[dim]);
        }

        var sizes = joined[0].Sizes.SetItem(dim, total);
        return Array.TrueForAll(joined, spec => spec.DimOrder.AsSpan().SequenceEqual(joined[0].DimOrder.AsSpan())) && joined.Length == specs.Length
            ? SpecInference.Like(joined[0], type, sizes) : SpecInference.Contiguous(type, sizes);
    }

    private static SymbolicInt Sliced(OperatorCall call, SymbolicInt size)
    {
        var step = call.Int("step");
        var (start, end) = (call.Find("start"), call.Find("end"));
        var first = start is null ? 0 : Bound(call, start, size);
        var last = end is null ? size : Bound(call, end, size);
        if (first is null || last is null)
        {
            return SymbolicInt.Symbol($"slice({size.Expression ?? size.ToString()})", 0, size.Maximum);
        }

        var length = SymbolicMath.Subtract(last, first);
        length = length.IsConstant ? Math.Max(length.Value, 0) : length.Minimum >= 0 ? length : SymbolicInt.Symbol(length.Expression!, 0, Math.Max(length.Maximum, 0));
        return step == 1 ? length : SymbolicMath.FloorDivide(SymbolicMath.Add(length, step - 1), step);
    }

    // A bound counted from the end where it is negative, and clamped to the size; null where that depends on what is known at run time only.
    private static SymbolicInt? Bound(OperatorCall call, GraphArgument argument, SymbolicInt size)
    {
        var bound = call.Size(argument);
        if (bound.IsConstant && bound.Value < 0)
        {
            return size.IsConstant ? Math.Max(size.Value + bound.Value, 0) : size.Minimum >= -bound.Value ? SymbolicMath.Add(size, bound) : SymbolicMath.Max(SymbolicMath.Add(size, bound), 0);
        }

        if (bound.Minimum >= size.Maximum || (bound.IsConstant && bound.Value >= size.Maximum))
        {
            return size;
        }

        return bound.Minimum < 0 ? null : SymbolicMath.AreEqual(bound, size) || bound.Maximum <= size.Minimum ? bound : SymbolicMath.Min(bound, size);
    }
}
