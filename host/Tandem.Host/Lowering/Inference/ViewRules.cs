using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that show the same elements under other sizes and strides.</summary>
internal static class ViewRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(Reshape, "view reshape _unsafe_view _reshape_alias view_as reshape_as");
        add(Flatten, "flatten");
        add(Unflatten, "unflatten");
        add(Permute, "permute transpose t swapaxes swapdims movedim moveaxis");
        add(Squeeze, "squeeze");
        add(Unsqueeze, "unsqueeze");
        add(Expand, "expand expand_as broadcast_to");
        add(Select, "select");
        add(Slice, "slice");
        add(Narrow, "narrow");
        add(Split, "split split_with_sizes chunk unsafe_split unsafe_chunk unsafe_split_with_sizes tensor_split.sections");
        add(Unbind, "unbind");
        add(Diagonal, "diagonal");
        add(Unfold, "unfold");
        add(AsStrided, "as_strided");
        add(call => [new InferredValue(null, Dimension(call))], "sym_size");
        add(call => [new InferredValue(null, ShapeRules.Count(call.Tensor("self").Sizes))], "sym_numel");
    }

    /// <summary>A tensor expanded to larger sizes: stride 0 in what it repeats.</summary>
    public static TensorSpec Expanded(OperatorArguments call, TensorSpec self, ImmutableArray<SymbolicInt> sizes)
    {
        var lead = sizes.Length - self.Rank;
        if (lead < 0)
        {
            throw call.Refuse("there are fewer sizes than dimensions", $"{self.Rank} or more", $"{sizes.Length}");
        }

        var own = Layouts.StridesOf(self);
        var strides = new SymbolicInt[sizes.Length];
        for (var dim = sizes.Length - 1; dim >= 0; dim--)
        {
            var from = dim - lead;
            if (from < 0)
            {
                strides[dim] = 0;
                continue;
            }

            var isRepeated = ShapeRules.IsOne(self.Sizes[from]) && !ShapeRules.IsOne(sizes[dim]);
            strides[dim] = isRepeated ? 0
                : self.Sizes[from].IsSameAs(sizes[dim]) ? own[from]
                : throw call.Refuse("the tensor does not expand to the sizes", self.ToString(), ShapeRules.Text(sizes));
        }

        return Layouts.View(self, sizes, [.. strides]);
    }

    private static SymbolicInt Dimension(OperatorArguments call)
    {
        var self = call.Tensor("self");
        return self.Rank > 0 ? self.Sizes[call.Dim("dim", self.Rank)] : throw call.Refuse("a scalar has no sizes", "1 or more dimensions", self.ToString());
    }

    private static ImmutableArray<InferredValue> Reshape(OperatorArguments call)
    {
        var self = call.Tensor("self");
        if (call.Overload == "dtype")
        {
            var type = call.DataType("dtype")!.Value;
            return type.Size() == self.ScalarType.Size() ? [self with { ScalarType = type }]
                : throw call.Refuse("a view cannot change the size of elements", $"{self.ScalarType.Size()} bytes", $"{type.Size()} bytes");
        }

        return [Reshape(call, self, call.Has("other") ? call.Tensor("other").Sizes : Resolve(call, self, call.Sizes(call.Has("shape") ? "shape" : "size")))];
    }

    private static TensorSpec Reshape(OperatorArguments call, TensorSpec self, ImmutableArray<SymbolicInt> sizes)
    {
        var (old, count) = (ShapeRules.Count(self.Sizes), ShapeRules.Count(sizes));
        if (!old.IsSameAs(count))
        {
            throw call.Refuse("the number of elements differs", $"{old} of {ShapeRules.Text(self.Sizes)}", $"{count} of {ShapeRules.Text(sizes)}");
        }

        return Layouts.Reshaped(self, sizes) is { } strides ? Layouts.View(self, sizes, strides)
            : call.Operator == "aten::view" ? throw call.Refuse("a view cannot have these sizes, because of the strides of the tensor",
                "sizes that split or join neighbouring dimensions", $"{ShapeRules.Text(self.Sizes)} with strides {ShapeRules.Text(Layouts.StridesOf(self))} as {ShapeRules.Text(sizes)}")
            : Layouts.Contiguous(self.ScalarType, sizes);
    }

    private static ImmutableArray<SymbolicInt> Resolve(OperatorArguments call, TensorSpec self, ImmutableArray<SymbolicInt> sizes)
    {
        var open = -1;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] is { IsConstant: true, Value: < 0 } size)
            {
                open = open < 0 && size.Value == -1 ? i : throw call.Refuse("sizes are impossible", "at most one -1", ShapeRules.Text(sizes));
            }
        }

        if (open < 0)
        {
            return sizes;
        }

        var (count, rest) = (ShapeRules.Count(self.Sizes), ShapeRules.Count(sizes.RemoveAt(open)));
        if (rest is { IsConstant: true, Value: 0 })
        {
            throw call.Refuse("-1 stands for any size here", "sizes that decide it", ShapeRules.Text(sizes));
        }

        var size0 = count / SymbolicInt.Max(rest, 1);
        return (size0 * rest).IsSameAs(count) ? sizes.SetItem(open, size0)
            : throw call.Refuse("the elements cannot be divided over the sizes", $"a divisor of {count}", ShapeRules.Text(sizes));
    }

    private static ImmutableArray<InferredValue> Flatten(OperatorArguments call)
    {
        var self = call.Tensor("self");
        if (self.Rank == 0)
        {
            return [Reshape(call, self, [1])];
        }

        var (start, end) = (call.Dim("start_dim", self.Rank), call.Dim("end_dim", self.Rank));
        if (start > end)
        {
            throw call.Refuse("the first dimension lies behind the last one", $"at most {end}", $"{start}");
        }

        return [start == end ? self : Reshape(call, self,
            [.. self.Sizes[..start], ShapeRules.Count(self.Sizes[start..(end + 1)]), .. self.Sizes[(end + 1)..]])];
    }

    private static ImmutableArray<InferredValue> Unflatten(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Rank);
        var part = new TensorSpec(self.ScalarType, [self.Sizes[dim]], [0]);
        return [Reshape(call, self, [.. self.Sizes[..dim], .. Resolve(call, part, call.Sizes("sizes")), .. self.Sizes[(dim + 1)..]])];
    }

    private static ImmutableArray<InferredValue> Permute(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var order = Enumerable.Range(0, self.Rank).ToList();
        switch (call.Operator.Replace("_copy", ""))
        {
            case "aten::permute":
                order = [.. call.Ints("dims").Select(dim => call.Dim(dim, self.Rank, "dims"))];
                if (order.Count != self.Rank || order.Distinct().Count() != self.Rank)
                {
                    throw call.Refuse("'dims' is no permutation", $"each of 0 to {self.Rank - 1} once", string.Join(", ", order));
                }

                break;
            case "aten::t":
                if (self.Rank > 2)
                {
                    throw call.Refuse("the tensor has too many dimensions", "at most 2", self.ToString());
                }

                order.Reverse();
                break;
            case "aten::movedim" or "aten::moveaxis":
                var from = call.Ints("source").Select(dim => call.Dim(dim, self.Rank, "source")).ToList();
                var to = call.Ints("destination").Select(dim => call.Dim(dim, self.Rank, "destination")).ToList();
                if (from.Count != to.Count || from.Distinct().Count() != from.Count || to.Distinct().Count() != to.Count)
                {
                    throw call.Refuse("'source' and 'destination' do not pair", "as many, each once", $"{from.Count} and {to.Count}");
                }

                var rest = new Queue<int>(order.Except(from));
                order = [.. order.Select(place => to.IndexOf(place) is >= 0 and var at ? from[at] : rest.Dequeue())];
                break;
            default:
                var names = call.Has("axis0") ? ("axis0", "axis1") : ("dim0", "dim1");
                var (first, second) = (call.Dim(names.Item1, self.Rank), call.Dim(names.Item2, self.Rank));
                if (self.Rank > 0)
                {
                    (order[first], order[second]) = (order[second], order[first]);
                }

                break;
        }

        var strides = Layouts.StridesOf(self);
        return [Layouts.View(self, [.. order.Select(dim => self.Sizes[dim])], [.. order.Select(dim => strides[dim])])];
    }

    private static ImmutableArray<InferredValue> Squeeze(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var isNamed = new bool[Math.Max(self.Rank, 1)];
        foreach (var dim in call.Has("dim") ? call.Ints("dim") : [.. Enumerable.Range(0, self.Rank).Select(dim => (long)dim)])
        {
            isNamed[call.Dim(dim, self.Rank)] = true;
        }

        var kept = Enumerable.Range(0, self.Rank).Where(dim => !isNamed[dim] || !ShapeRules.IsOne(self.Sizes[dim])).ToList();
        var strides = Layouts.StridesOf(self);
        return [Layouts.View(self, [.. kept.Select(dim => self.Sizes[dim])], [.. kept.Select(dim => strides[dim])])];
    }

    private static ImmutableArray<InferredValue> Unsqueeze(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Rank + 1);
        var strides = Layouts.StridesOf(self);
        return [Layouts.View(self, self.Sizes.Insert(dim, 1), strides.Insert(dim, dim < self.Rank ? self.Sizes[dim] * strides[dim] : 1))];
    }

    private static ImmutableArray<InferredValue> Expand(OperatorArguments call)
    {
        var self = call.Tensor("self");
        if (call.Has("other"))
        {
            return [Expanded(call, self, call.Tensor("other").Sizes)];
        }

        var sizes = call.Sizes("size");
        var lead = sizes.Length - self.Rank;
        return
        [
            Expanded(call, self,
                [
                    .. sizes.Select((size, dim) => size is not { IsConstant: true, Value: -1 } ? size
                        : dim >= lead && lead >= 0 ? self.Sizes[dim - lead]
                        : throw call.Refuse("-1 stands for a dimension that the tensor lacks", "a size", ShapeRules.Text(sizes))),
                ]),
        ];
    }

    private static ImmutableArray<InferredValue> Select(OperatorArguments call)
    {
        var self = call.Tensor("self");
        if (self.Rank == 0)
        {
            throw call.Refuse("a scalar has nothing to select from", "1 or more dimensions", self.ToString());
        }

        var dim = call.Dim("dim", self.Rank);
        var (index, size, strides) = (call.Size("index"), self.Sizes[dim], Layouts.StridesOf(self));
        if (index.IsConstant && size.IsBounded && (index.Value >= size.Maximum || index.Value < -size.Maximum))
        {
            throw call.Refuse("'index' lies outside the dimension", $"{-size.Maximum} to {size.Maximum - 1}", index.ToString());
        }

        var offset = self.StorageOffset + ((index.Maximum < 0 ? index + size : index) * strides[dim]);
        return [Layouts.View(self, self.Sizes.RemoveAt(dim), strides.RemoveAt(dim), offset)];
    }

    private static ImmutableArray<InferredValue> Slice(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var (dim, start, length, step) = SliceOf(call, self);
        var strides = Layouts.StridesOf(self);
        return [Layouts.View(self, self.Sizes.SetItem(dim, length), strides.SetItem(dim, strides[dim] * step), self.StorageOffset + (start * strides[dim]))];
    }

    /// <summary>The dimension, first index, length and step of a slice.</summary>
    public static (int Dim, SymbolicInt Start, SymbolicInt Length, SymbolicInt Step) SliceOf(OperatorArguments call, TensorSpec self)
    {
        if (self.Rank == 0)
        {
            throw call.Refuse("a scalar has no slices", "1 or more dimensions", self.ToString());
        }

        var dim = call.Dim("dim", self.Rank);
        var (size, step) = (self.Sizes[dim], call.Size("step"));
        if (step.Minimum < 1)
        {
            throw call.Refuse("'step' is impossible", "1 or more", step.ToString());
        }

        var start = Clamp(call.OptionalSize("start") ?? 0, size);
        var end = Clamp(call.OptionalSize("end") ?? size, size);
        return (dim, start, SymbolicInt.Max(end - start + step - 1, 0) / step, step);
    }

    private static SymbolicInt Clamp(SymbolicInt index, SymbolicInt size) =>
        SymbolicInt.Min(SymbolicInt.Max(index.Maximum < 0 ? index + size : index, 0), size);

    private static ImmutableArray<InferredValue> Narrow(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Rank);
        var (start, length, strides) = (call.Size("start"), call.Size("length"), Layouts.StridesOf(self));
        start = start.Maximum < 0 ? start + self.Sizes[dim] : start;
        if (length.Minimum < 0 || (self.Sizes[dim] - start - length).Maximum < 0)
        {
            throw call.Refuse("the part lies outside the dimension", self.ToString(), $"{length} from {start}");
        }

        return [Layouts.View(self, self.Sizes.SetItem(dim, length), strides, self.StorageOffset + (start * strides[dim]))];
    }

    private static ImmutableArray<InferredValue> Split(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Rank);
        var size = self.Rank > 0 ? self.Sizes[dim] : throw call.Refuse("a scalar has no parts", "1 or more dimensions", self.ToString());
        ImmutableArray<SymbolicInt> parts;
        if (call.Find("split_sizes") is not null || call.Find("split_size") is GraphArgument.List)
        {
            parts = call.Sizes(call.Has("split_sizes") ? "split_sizes" : "split_size");
            var sum = parts.Aggregate((SymbolicInt)0, (total, part) => total + part);
            if (parts.Any(part => part.Minimum < 0) || !sum.IsSameAs(size))
            {
                throw call.Refuse("the parts do not make up the dimension", $"{size}", $"{ShapeRules.Text(parts)}");
            }
        }
        else
        {
            var whole = size.IsConstant ? size.Value : throw call.Refuse("the number of parts is not known ahead of time", "a dimension of known size", size.ToString());
            parts = call.Has("split_size") ? Equal(whole, call.Int("split_size"))
                : call.Has("sections") ? [.. Enumerable.Range(0, (int)Positive("sections")).Select(i => (SymbolicInt)((whole / call.Int("sections")) + (i < whole % call.Int("sections") ? 1 : 0)))]
                : Equal(whole, whole == 0 ? 0 : (whole + Positive("chunks") - 1) / Positive("chunks"));
        }

        var strides = Layouts.StridesOf(self);
        var results = ImmutableArray.CreateBuilder<InferredValue>(parts.Length);
        var start = self.StorageOffset;
        foreach (var part in parts)
        {
            results.Add(Layouts.View(self, self.Sizes.SetItem(dim, part), strides, start));
            start += part * strides[dim];
        }

        return results.ToImmutable();

        long Positive(string name) => call.Int(name) is > 0 and <= int.MaxValue and var value ? value : throw call.Refuse($"'{name}' is impossible", "1 or more", $"{call.Int(name)}");

        ImmutableArray<SymbolicInt> Equal(long whole, long part)
        {
            if (part < 0 || (part == 0 && whole != 0))
            {
                throw call.Refuse("the parts are impossible", "1 or more elements each", $"{part}");
            }

            var count = whole == 0 ? 1 : (whole + part - 1) / part;
            return count <= 65536 ? [.. Enumerable.Range(0, (int)count).Select(i => (SymbolicInt)Math.Min(part, whole - (i * part)))]
                : throw call.Refuse("there are too many parts", "at most 65536", $"{count}");
        }
    }

    private static ImmutableArray<InferredValue> Unbind(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Rank);
        var size = self.Rank > 0 && self.Sizes[dim].IsConstant && self.Sizes[dim].Value <= 65536 ? self.Sizes[dim].Value
            : throw call.Refuse("the number of parts is not known ahead of time", "a dimension of known size, at most 65536", self.ToString());
        var strides = Layouts.StridesOf(self);
        return
        [
            .. Enumerable.Range(0, (int)size).Select(i =>
                new InferredValue(Layouts.View(self, self.Sizes.RemoveAt(dim), strides.RemoveAt(dim), self.StorageOffset + (i * strides[dim])))),
        ];
    }

    private static ImmutableArray<InferredValue> Diagonal(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var (first, second, shift) = (call.Dim("dim1", self.Rank), call.Dim("dim2", self.Rank), call.Int("offset"));
        if (first == second || self.Rank < 2)
        {
            throw call.Refuse("a diagonal needs two dimensions", "different ones", $"{first} and {second}");
        }

        var strides = Layouts.StridesOf(self);
        SymbolicInt down = Math.Max(-shift, 0), right = Math.Max(shift, 0);
        var length = SymbolicInt.Max(SymbolicInt.Min(self.Sizes[first] - down, self.Sizes[second] - right), 0);
        var kept = Enumerable.Range(0, self.Rank).Where(dim => dim != first && dim != second).ToList();
        return
        [
            Layouts.View(self, [.. kept.Select(dim => self.Sizes[dim]), length], [.. kept.Select(dim => strides[dim]), strides[first] + strides[second]],
                self.StorageOffset + (down * strides[first]) + (right * strides[second])),
        ];
    }

    private static ImmutableArray<InferredValue> Unfold(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dimension", self.Rank);
        var (size, step, strides) = (call.Int("size"), call.Int("step"), Layouts.StridesOf(self));
        if (self.Rank == 0 || size < 0 || step < 1 || self.Sizes[dim].Maximum < size)
        {
            throw call.Refuse("the windows do not fit", $"a window within {self}, a step of 1 or more", $"{size}, step {step}");
        }

        return
        [
            Layouts.View(self, self.Sizes.SetItem(dim, ((self.Sizes[dim] - size) / step) + 1).Add(size), strides.SetItem(dim, strides[dim] * step).Add(strides[dim])),
        ];
    }

    private static ImmutableArray<InferredValue> AsStrided(OperatorArguments call)
    {
        var (self, sizes) = (call.Tensor("self"), call.Sizes("size"));
        return [Layouts.View(self, sizes, call.Sizes("stride", sizes.Length), call.OptionalSize("storage_offset") ?? self.StorageOffset)];
    }
}
