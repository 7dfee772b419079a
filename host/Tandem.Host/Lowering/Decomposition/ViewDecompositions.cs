using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Views, which are copies in the edge dialect; those that change nothing are gone.</summary>
internal static class ViewDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add(["aten::view", "aten::_unsafe_view", "aten::_reshape_alias", "aten::view_copy"], (editor, call) => View(editor, call, call.List("size")));
        table.Add("aten::reshape", (editor, call) => View(editor, call, call.List("shape")));
        table.Add(["aten::view_as", "aten::reshape_as"], (editor, call) => editor.Reshape(Self(call), call.Tensor("other").Tensor!.Sizes.AsSpan()));
        table.Add("aten::flatten.using_ints", (editor, call) =>
        {
            var spec = Spec(call);
            var (start, end) = (call.Dim("start_dim", spec.Rank), call.Dim("end_dim", spec.Rank));
            var joined = spec.Rank == 0 ? 1 : Sizes.Product(spec.Sizes.AsSpan(start, end - start + 1));
            return editor.Reshape(Self(call), [.. spec.Sizes.Take(start), joined, .. spec.Sizes.Skip(end + 1)]);
        });
        table.Add("aten::ravel", (editor, call) => editor.Reshape(Self(call), Sizes.Product(Spec(call).Sizes.AsSpan())));
        table.Add("aten::unflatten.int", Unflatten);
        table.Add(["aten::unsqueeze", "aten::unsqueeze_copy"], (editor, call) =>
            editor.Reshape(Self(call), Spec(call).Sizes.Insert(call.Dim("dim", Spec(call).Rank + 1), 1).AsSpan()));
        table.Add(["aten::squeeze", "aten::squeeze_copy"], (editor, call) => Squeeze(editor, call, Enumerable.Range(0, Spec(call).Rank)));
        table.Add(["aten::squeeze.dim", "aten::squeeze_copy.dim"], (editor, call) => Squeeze(editor, call, [call.Dim("dim", Spec(call).Rank)]));
        table.Add(["aten::squeeze.dims", "aten::squeeze_copy.dims"], (editor, call) => Squeeze(editor, call, call.Ints("dim").Select(dim => call.Wrap(dim, Spec(call).Rank))));
        table.Add(["aten::permute", "aten::permute_copy"], Permute);
        table.Add(["aten::transpose.int", "aten::swapaxes", "aten::swapdims", "aten::transpose_copy.int"], (editor, call) =>
        {
            var (first, second) = call.Schema!.Parameters[1].Name is var name && Spec(call).Rank == 0 ? (0, 0)
                : (call.Dim(name, Spec(call).Rank), call.Dim(call.Schema.Parameters[2].Name, Spec(call).Rank));
            return Spec(call).Rank == 0 ? Self(call) : editor.Transpose(Self(call), first, second);
        });
        table.Add(["aten::t", "aten::t_copy", "aten::numpy_T", "aten::matrix_H"], (editor, call) => editor.Permute(Self(call), [.. Enumerable.Range(0, Spec(call).Rank).Reverse()]));
        table.Add(["aten::mT", "aten::mH", "aten::adjoint"], (editor, call) => editor.Transpose(Self(call), Spec(call).Rank - 2, Spec(call).Rank - 1));
        table.Add(["aten::movedim.int", "aten::moveaxis.int"], (editor, call) => MoveDim(editor, call, [call.Dim("source", Spec(call).Rank)], [call.Dim("destination", Spec(call).Rank)]));
        table.Add(["aten::movedim.intlist", "aten::moveaxis.intlist"], (editor, call) => MoveDim(editor, call, call.Dims("source", Spec(call).Rank), call.Dims("destination", Spec(call).Rank)));
        table.Add(["aten::expand", "aten::broadcast_to"], Expand);
        table.Add("aten::expand_copy", (editor, call) => IsSame(Spec(call), SpecInference.Infer(editor, call.Node)![0]) ? Self(call) : null);
        table.Add("aten::expand_as", (editor, call) => editor.ExpandTo(Self(call), call.Tensor("other").Tensor!.Sizes.AsSpan(), call.Tensor("other")));
        table.Add("aten::slice.Tensor", (editor, call) => Slice(editor, call) ?? editor.Call("aten::slice_copy.Tensor", editor.Contiguous(Self(call)), call.Argument("dim"), call.Find("start") ?? Arg.None, call.Find("end") ?? Arg.None, call.Argument("step")));
        table.Add("aten::slice_copy.Tensor", Slice);
        table.Add(["aten::narrow", "aten::narrow_copy"], (editor, call) =>
        {
            var (dim, start, length) = (call.Dim("dim", Spec(call).Rank), call.Argument("start"), call.Argument("length"));
            var (from, count) = (call.Size(start), call.Size(length));
            return from is { IsConstant: true, Value: < 0 } && from.Value + count.Value == 0 ? editor.Slice(Self(call), dim, start, Arg.None)
                : editor.Slice(Self(call), dim, start, editor.CallSymbolic("add", start, length, from + count));
        });
        table.Add("aten::select.int", (editor, call) => editor.Call("aten::select_copy.int", editor.Contiguous(Self(call)), call.Argument("dim"), call.Argument("index")));
        table.Add("aten::unfold", (editor, call) => editor.Call("aten::unfold_copy", editor.Contiguous(Self(call)), call.Argument("dimension"), call.Argument("size"), call.Argument("step")));
        table.Add("aten::diagonal", (editor, call) => editor.Call("aten::diagonal_copy", editor.Contiguous(Self(call)), call.Int("offset"), call.Int("dim1"), call.Int("dim2")));
        table.Add("aten::as_strided", (editor, call) =>
            editor.Call("aten::as_strided_copy", editor.Contiguous(Self(call)), call.Argument("size"), call.Argument("stride"), call.Find("storage_offset") ?? Arg.None));
        table.Add("aten::view_as_real", (editor, call) => editor.Call("aten::view_as_real_copy", Self(call)));
        table.Add(["aten::atleast_1d", "aten::atleast_2d", "aten::atleast_3d"], (editor, call) =>
        {
            var (spec, rank) = (Spec(call), call.Node.Operator[^2] - '0');
            return spec.Rank >= rank ? Self(call) : editor.Reshape(Self(call), rank == 3 && spec.Rank is 1 or 2
                ? (spec.Rank == 2 ? spec.Sizes.Add(1) : [1, spec.Sizes[0], 1]).AsSpan() : ImmutableArray.Create([.. Enumerable.Repeat((SymbolicInt)1, rank - spec.Rank), .. spec.Sizes]).AsSpan());
        });
        table.Add("aten::tile", (editor, call) =>
        {
            var repeats = call.List("dims");
            var missing = Math.Max(Spec(call).Rank - repeats.Length, 0);
            return editor.Call("aten::repeat", Self(call), (GraphArgument[])[.. Enumerable.Repeat(new GraphArgument.Int(1), missing), .. repeats]);
        });
        table.Add("aten::repeat", (editor, call) => Array.TrueForAll(call.List("repeats"), item => item is GraphArgument.Int { Value: 1 })
            ? editor.Reshape(Self(call), SpecInference.Infer(editor, call.Node)![0].Sizes.AsSpan()) : null);
        table.Add("aten::channel_shuffle", (editor, call) =>
        {
            var (spec, groups) = (Spec(call), call.Int("groups"));
            var parts = spec.Sizes[1] / groups;
            var split = editor.Reshape(Self(call), [spec.Sizes[0], groups, parts, .. spec.Sizes.Skip(2)]);
            return editor.Reshape(editor.Transpose(split, 1, 2), spec.Sizes.AsSpan());
        });
        table.Add("aten::rot90", (editor, call) =>
        {
            var (turns, dims) = ((int)(((call.Int("k") % 4) + 4) % 4), call.Dims("dims", Spec(call).Rank));
            return turns switch
            {
                0 => Self(call),
                1 => editor.Transpose(editor.Call("aten::flip", Self(call), new[] { dims[1] }), dims[0], dims[1]),
                2 => editor.Call("aten::flip", Self(call), dims),
                _ => editor.Call("aten::flip", editor.Transpose(Self(call), dims[0], dims[1]), new[] { dims[1] }),
            };
        });
        table.Add("aten::fliplr", (editor, call) => editor.Call("aten::flip", Self(call), new[] { 1 }));
        table.Add("aten::flipud", (editor, call) => editor.Call("aten::flip", Self(call), new[] { 0 }));
    }

    private static GraphValue Self(OperatorCall call) => call.Tensor("self");

    private static TensorSpec Spec(OperatorCall call) => Self(call).Tensor!;

    private static bool IsSame(TensorSpec left, TensorSpec right) => Sizes.AreSame(left.Sizes.AsSpan(), right.Sizes.AsSpan());

    private static GraphValue? View(GraphEditor editor, OperatorCall call, GraphArgument[] requested)
    {
        var spec = Spec(call);
        SymbolicInt[] sizes = call.Node.Outputs is [{ Tensor: { } exported }] && exported.Rank == requested.Length ? [.. exported.Sizes] : Sizes.OfView(call, spec, requested);

        if (Sizes.AreSame(spec.Sizes.AsSpan(), sizes))
        {
            return Self(call);
        }

        // A single symbolic size is inferred when it runs; several are the values that the model computes.
        var hasZero = sizes.Any(size => size is { IsConstant: true, Value: 0 });
        var isSingle = !hasZero && sizes.Count(size => !size.IsConstant) == 1;
        var arguments = new Arg[sizes.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            arguments[i] = sizes[i].IsConstant ? sizes[i].Value : isSingle ? -1 : requested[i] is GraphArgument.Reference or GraphArgument.Int ? requested[i] : (Arg)editor.SizeOf(Self(call), sizes[i]);
        }

        var self = editor.Contiguous(Self(call));
        Arg list = arguments;
        return call.Node.Operator == "aten::view_copy" && ReferenceEquals(self, Self(call)) && list.Value!.Equals(call.Argument("size")) ? null
            : editor.CallAs(TensorSpec.Contiguous(spec.ScalarType, sizes), "aten::view_copy", self, list);
    }

    private static GraphValue Unflatten(GraphEditor editor, OperatorCall call)
    {
        var (spec, sizes) = (Spec(call), call.List("sizes"));
        var dim = call.Dim("dim", spec.Rank);
        Arg[] requested = [.. Enumerable.Range(0, dim).Select(i => (Arg)editor.Size(Self(call), i)), .. sizes.Select(size => (Arg)size), .. Enumerable.Range(dim + 1, spec.Rank - dim - 1).Select(i => (Arg)editor.Size(Self(call), i))];
        return editor.View(Self(call), requested);
    }

    private static GraphValue? Squeeze(GraphEditor editor, OperatorCall call, IEnumerable<int> dims)
    {
        var spec = Spec(call);
        var removed = dims.Where(dim => spec.Rank > 0 && spec.Sizes[dim] is { IsConstant: true, Value: 1 }).ToHashSet();
        return editor.Reshape(Self(call), spec.Sizes.Where((_, i) => !removed.Contains(i)).ToImmutableArray().AsSpan());
    }

    private static GraphValue? Permute(GraphEditor editor, OperatorCall call)
    {
        var spec = Spec(call);
        var dims = call.Ints("dims").Select(dim => call.Wrap(dim, spec.Rank)).ToArray();
        if (dims.Select((dim, i) => dim == i).All(isSame => isSame))
        {
            return Self(call);
        }

        // Moving only dimensions of size 1 moves no element.
        var moved = dims.Where(dim => spec.Sizes[dim] is not { IsConstant: true, Value: 1 }).ToArray();
        if (moved.Order().SequenceEqual(moved))
        {
            return editor.Reshape(Self(call), [.. dims.Select(dim => spec.Sizes[dim])]);
        }

        return call.Node.Operator == "aten::permute_copy" && TensorShapes.IsContiguous(spec.DimOrder.AsSpan()) ? null : editor.Call("aten::permute_copy", editor.Contiguous(Self(call)), dims);
    }

    private static GraphValue MoveDim(GraphEditor editor, OperatorCall call, int[] source, int[] destination)
    {
        var dims = new int[Spec(call).Rank];
        Array.Fill(dims, -1);
        for (var i = 0; i < source.Length; i++)
        {
            dims[destination[i]] = source[i];
        }

        var rest = new Queue<int>(Enumerable.Range(0, dims.Length).Except(source));
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = dims[i] < 0 ? rest.Dequeue() : dims[i];
        }

        return editor.Permute(Self(call), dims);
    }

    private static GraphValue? Expand(GraphEditor editor, OperatorCall call)
    {
        var (spec, requested) = (Spec(call), call.List("size"));
        var missing = requested.Length - spec.Rank;
        var arguments = new Arg[requested.Length];
        var isSame = missing == 0;
        for (var i = 0; i < requested.Length; i++)
        {
            var own = i >= missing ? spec.Sizes[i - missing] : null;
            var keeps = own is not null && (requested[i] is GraphArgument.Int { Value: -1 } || own.IsSameAs(call.Size(requested[i])) || own is not { IsConstant: true, Value: 1 });
            isSame &= keeps;
            arguments[i] = keeps ? own!.IsConstant ? own.Value : -1 : requested[i];
        }

        return isSame ? Self(call) : editor.Call("aten::expand_copy", editor.Contiguous(Self(call)), arguments);
    }

    private static GraphValue? Slice(GraphEditor editor, OperatorCall call)
    {
        var spec = Spec(call);
        var size = spec.Rank == 0 ? 1 : spec.Sizes[call.Dim("dim", spec.Rank)];
        var (start, end) = (call.Find("start"), call.Find("end"));
        var isWhole = (start is null || call.Size(start) is { IsConstant: true, Value: 0 }) && call.Int("step") == 1
            && (end is null || call.Size(end).IsSameAs(size) || (call.Size(end) is { IsConstant: true } last && last.Value >= size.Maximum));
        return isWhole ? Self(call) : null;
    }
}
