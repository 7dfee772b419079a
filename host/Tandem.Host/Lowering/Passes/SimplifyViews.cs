using System.Collections.Immutable;
using Tandem.Host.Lowering.Decomposition;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Joins copies that follow each other and drops those that a kernel does by itself: views of views, permutations of permutations, layouts there and back,
/// expansion of what broadcasts anyway, transposition of a matrix that a product reads by rows.
/// </summary>
internal sealed class SimplifyViews : IGraphPass
{
    public string Name => "simplify-views";

    public ExportedMethod Run(ExportedMethod method, PassContext context) => GraphEditor.Rewrite(method, context, Rewrite, DecompositionTables.Edge);

    private static IReadOnlyList<GraphValue>? Rewrite(GraphEditor editor, GraphNode node) => node.FullName switch
    {
        "aten::view_copy" => View(editor, node),
        "aten::permute_copy" => Permute(editor, node),
        "dim_order_ops::_to_dim_order_copy" => Reordered(editor, node),
        "aten::mm" => Product(editor, node, "self", null),
        "aten::addmm" => Product(editor, node, "mat1", "self"),
        "aten::add.Tensor" or "aten::sub.Tensor" or "aten::mul.Tensor" or "aten::div.Tensor" or "aten::maximum" or "aten::minimum" or "aten::where.self" or "aten::pow.Tensor_Tensor"
            or "aten::eq.Tensor" or "aten::ne.Tensor" or "aten::lt.Tensor" or "aten::le.Tensor" or "aten::gt.Tensor" or "aten::ge.Tensor" or "aten::logical_and" or "aten::logical_or" => Broadcast(editor, node),
        _ => null,
    };

    private static IReadOnlyList<GraphValue>? View(GraphEditor editor, GraphNode node)
    {
        if (Producer(editor, node, "self", "aten::view_copy") is not { } first || node.Outputs[0].Tensor is not { } spec)
        {
            return null;
        }

        // A size that is inferred stays inferred; further symbolic ones are references, which fit any operand.
        var source = editor.Get(((GraphArgument.Reference)first.Find("self")!).Name);
        return Sizes.AreSame(source.Tensor!.Sizes.AsSpan(), spec.Sizes.AsSpan()) ? [source] : [editor.CallAs(spec, "aten::view_copy", source, node.Find("size"))];
    }

    private static IReadOnlyList<GraphValue>? Permute(GraphEditor editor, GraphNode node)
    {
        if (Producer(editor, node, "self", "aten::permute_copy") is not { } first)
        {
            return null;
        }

        var source = editor.Get(((GraphArgument.Reference)first.Find("self")!).Name);
        var (inner, outer) = (new OperatorCall(editor, first), new OperatorCall(editor, node));
        var rank = source.Tensor!.Rank;
        var dims = inner.Ints("dims").Select(dim => inner.Wrap(dim, rank)).ToArray();
        return [editor.Permute(source, [.. outer.Ints("dims").Select(dim => dims[outer.Wrap(dim, rank)])])];
    }

    private static IReadOnlyList<GraphValue>? Reordered(GraphEditor editor, GraphNode node)
    {
        if (Producer(editor, node, "self", "dim_order_ops::_to_dim_order_copy") is not { } first || node.Outputs[0].Tensor is not { } spec)
        {
            return null;
        }

        var source = editor.Get(((GraphArgument.Reference)first.Find("self")!).Name);
        return source.Tensor!.ScalarType == spec.ScalarType && first.Outputs[0].Tensor!.ScalarType == spec.ScalarType ? [editor.Ordered(source, spec.DimOrder.AsSpan())] : null;
    }

    // x (w transposed) is linear(x, w): the kernel reads w by rows.
    private static IReadOnlyList<GraphValue>? Product(GraphEditor editor, GraphNode node, string rows, string? bias)
    {
        if (Producer(editor, node, "mat2", "aten::permute_copy") is not { } transposed || node.Outputs[0].Tensor is not { } spec || !spec.ScalarType.IsFloatingPoint())
        {
            return null;
        }

        var call = new OperatorCall(editor, node);
        if (bias is not null && (call.Double("beta") != 1 || call.Double("alpha") != 1 || call.Tensor(bias).Tensor!.Rank != 1
            || !call.Tensor(bias).Tensor!.Sizes[0].IsSameAs(spec.Sizes[1])))
        {
            return null;
        }

        return [editor.Call("aten::linear", call.Tensor(rows), transposed.Find("self"), bias is null ? Arg.None : call.Tensor(bias))];
    }

    private static IReadOnlyList<GraphValue>? Broadcast(GraphEditor editor, GraphNode node)
    {
        ImmutableArray<GraphNamedArgument>.Builder? changed = null;
        for (var i = 0; i < node.Arguments.Length; i++)
        {
            if (Producer(editor, node, node.Arguments[i].Name, "aten::expand_copy") is { } expand)
            {
                var arguments = (changed ?? node.Arguments.ToBuilder()).ToImmutable().SetItem(i, node.Arguments[i] with { Value = expand.Find("self")! });
                var sizes = arguments.Where(argument => argument.Value is GraphArgument.Reference).Select(argument => editor.Get(((GraphArgument.Reference)argument.Value).Name).Tensor?.Sizes ?? []).ToArray();
                if (Sizes.AreSame(Sizes.Broadcast(new OperatorCall(editor, node), sizes), node.Outputs[0].Tensor!.Sizes.AsSpan()))
                {
                    changed = arguments.ToBuilder();
                }
            }
        }

        return changed is null ? null : editor.Keep(node with { Arguments = changed.ToImmutable() });
    }

    private static GraphNode? Producer(GraphEditor editor, GraphNode node, string argument, string name) =>
        node.Find(argument) is GraphArgument.Reference reference && editor.Producer(reference.Name) is { } producer && producer.FullName == name ? producer : null;
}
