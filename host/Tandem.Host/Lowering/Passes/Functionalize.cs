using System.Collections.Immutable;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Writes graphs without operators that write their arguments. A write through a view becomes a new value of the whole tensor; views that are read later
/// are taken from it again. What is written into buffers and inputs becomes an output of the method.
/// </summary>
internal sealed class Functionalize : IGraphPass
{
    public string Name => "functionalize";

    public ExportedMethod Run(ExportedMethod method, PassContext context)
    {
        if (!HasWrites(method.Graph))
        {
            return method;
        }

        var aliases = new Aliases(method);
        return GraphEditor.Rewrite(method, context, aliases.Rewrite, null, aliases.AddMutations, aliases.RefreshOutputs);
    }

    private static bool HasWrites(ExportedGraph graph) => graph.Nodes.Any(node => IsInPlace(node)
        || node.Arguments.Any(argument => argument.Value is GraphArgument.Subgraph nested && HasWrites(nested.Value)));

    private static bool IsInPlace(GraphNode node) => node.Operator.EndsWith('_') && !node.Operator.EndsWith("__", StringComparison.Ordinal)
        || node.Operator.StartsWith("aten::__i", StringComparison.Ordinal);

    /// <summary>Which values are views of which, and what each tensor holds now.</summary>
    private sealed class Aliases(ExportedMethod method)
    {
        private readonly Dictionary<string, View> _views = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int> _versions = new(StringComparer.Ordinal);
        private readonly HashSet<string> _produced = new(StringComparer.Ordinal);
        private readonly HashSet<string> _written = new(StringComparer.Ordinal);

        /// <summary>A view: its tensor, the value that it was taken from, how, and for which version of the tensor it stands.</summary>
        private sealed record View(string Base, string Parent, GraphNode? Node, int Output)
        {
            public int Version { get; set; }
        }

        public IReadOnlyList<GraphValue>? Rewrite(GraphEditor editor, GraphNode node)
        {
            var original = editor.Origin!;
            foreach (var name in original.References())
            {
                Refresh(editor, name);
            }

            node = editor.Refreshed(node);
            foreach (var output in original.Outputs)
            {
                _produced.Add(output.Name);
            }

            if (IsInPlace(node))
            {
                return Write(editor, node, original);
            }

            if (Source(editor, node, original) is { } parent)
            {
                for (var i = 0; i < original.Outputs.Length; i++)
                {
                    Add(original.Outputs[i].Name, parent, node, i);
                }
            }

            return ReferenceEquals(node, editor.Visited) ? null : editor.Keep(node);
        }

        /// <summary>Views that the graph returns are taken anew before it ends.</summary>
        public void RefreshOutputs(GraphEditor editor, ExportedGraph graph)
        {
            foreach (var output in graph.Outputs)
            {
                foreach (var name in output.References())
                {
                    Refresh(editor, name);
                }
            }
        }

        /// <summary>New values of buffers and inputs stand before what the caller gets.</summary>
        public ExportedMethod AddMutations(GraphEditor editor, ExportedMethod result)
        {
            var outputs = new List<GraphArgument>();
            var specs = new List<GraphOutputSpec>();
            foreach (var input in method.Signature.Inputs.Where(input => _written.Contains(input.ValueName)))
            {
                var spec = input.Kind == GraphInputKind.Buffer ? new GraphOutputSpec(GraphOutputKind.BufferMutation, input.QualifiedName)
                    : new GraphOutputSpec(GraphOutputKind.UserInputMutation, input.ValueName);
                if (result.Signature.Outputs.Contains(spec))
                {
                    continue;
                }

                outputs.Add(new GraphArgument.Reference(editor.Current(input.ValueName)));
                specs.Add(spec);
            }

            return result with
            {
                Graph = result.Graph with { Outputs = result.Graph.Outputs.InsertRange(0, outputs) },
                Signature = result.Signature with { Outputs = result.Signature.Outputs.InsertRange(0, specs) },
            };
        }

        private IReadOnlyList<GraphValue> Write(GraphEditor editor, GraphNode node, GraphNode original)
        {
            var schema = OperatorTable.Get(node.FullName);
            var target = (original.Find(schema.Parameters[0].Name) as GraphArgument.Reference)?.Name ?? throw editor.NotLowerable(node, "what it writes is not a tensor");
            if (node.Operator == "aten::detach_")
            {
                Add(original.Outputs[0].Name, target, null, 0);
                return [editor.Get(target)];
            }

            var bare = node.Operator.StartsWith("aten::__i", StringComparison.Ordinal) ? "aten::__" + node.Operator["aten::__i".Length..] : node.Operator[..^1];
            var functional = Functional(bare, node.Overload);
            if (functional is null || node.Operator is "aten::resize_" or "aten::set_" or "aten::t_" or "aten::transpose_" or "aten::squeeze_" or "aten::unsqueeze_" or "aten::swapaxes_" or "aten::as_strided_")
            {
                throw editor.NotLowerable(node, "it changes a tensor in place in a way that has no functional form");
            }

            var before = editor.Get(target);
            var written = editor.Redispatch(node with { Operator = bare, Overload = functional, Name = "", Outputs = [] })[0];
            if (written.Tensor!.ScalarType != before.Tensor!.ScalarType)
            {
                written = editor.Call("aten::to.dtype", written, before.Tensor.ScalarType);
            }

            Store(editor, node, target, written);
            foreach (var output in original.Outputs)
            {
                Add(output.Name, target, null, 0);
            }

            return [.. original.Outputs.Select(_ => editor.Get(target))];
        }

        private static string? Functional(string bare, string overload)
        {
            foreach (var name in (ReadOnlySpan<string>)[overload, overload == "Tensor" ? "Tensor_Tensor" : "", overload == "Scalar" ? "Tensor_Scalar" : ""])
            {
                if (OperatorTable.TryGet(name.Length == 0 ? bare : $"{bare}.{name}", out var schema) && !schema.IsMutating)
                {
                    return name;
                }
            }

            return null;
        }

        // A new value of a view is a new value of what it is a view of.
        private void Store(GraphEditor editor, GraphNode node, string target, GraphValue written)
        {
            if (!_views.TryGetValue(target, out var view))
            {
                CheckWritable(editor, node, target);
                _versions[target] = Version(target) + 1;
                editor.Forward(target, written.Name);
                return;
            }

            var parent = editor.Get(view.Parent);
            Store(editor, node, view.Parent, view.Node is null ? written : Inverse(editor, node, view, parent, written));
            view.Version = Version(view.Base);
            editor.Forward(target, written.Name);
        }

        private void CheckWritable(GraphEditor editor, GraphNode node, string target)
        {
            if (_produced.Contains(target))
            {
                return;
            }

            if (editor.IsNested)
            {
                throw editor.NotLowerable(node, "it writes a tensor from outside its branch or loop");
            }

            if (method.Signature.FindInput(target) is not { Kind: GraphInputKind.Buffer or GraphInputKind.UserInput })
            {
                throw editor.NotLowerable(node, "it writes a parameter or a constant");
            }

            _written.Add(target);
        }

        private int Version(string name) => _versions.GetValueOrDefault(name);

        private void Add(string name, string parent, GraphNode? node, int output)
        {
            var tensor = _views.TryGetValue(parent, out var outer) ? outer.Base : parent;
            _views[name] = new View(tensor, parent, node, output) { Version = Version(tensor) };
        }

        private void Refresh(GraphEditor editor, string name)
        {
            if (!_views.TryGetValue(name, out var view) || view.Version == Version(view.Base))
            {
                return;
            }

            Refresh(editor, view.Parent);
            view.Version = Version(view.Base);
            editor.Forward(name, view.Node is null ? editor.Current(view.Parent) : editor.Redispatch(editor.Refreshed(view.Node) with { Name = "", Outputs = [] })[view.Output].Name);
        }

        private static GraphValue Inverse(GraphEditor editor, GraphNode node, View view, GraphValue parent, GraphValue written)
        {
            var call = new OperatorCall(editor, view.Node!);
            var spec = parent.Tensor!;
            switch (view.Node!.Operator)
            {
                case "aten::slice":
                    return editor.Call("aten::slice_scatter", parent, written, call.Argument("dim"), call.Find("start") ?? Arg.None, call.Find("end") ?? Arg.None, call.Argument("step"));
                case "aten::narrow":
                    return editor.Call("aten::slice_scatter", parent, written, call.Argument("dim"), call.Int("start"), call.Int("start") + call.Int("length"), 1);
                case "aten::select":
                    return editor.Call("aten::select_scatter", parent, written, call.Argument("dim"), call.Argument("index"));
                case "aten::unbind":
                    return editor.Call("aten::select_scatter", parent, written, call.Argument("dim"), view.Output);
                case "aten::chunk" or "aten::split" or "aten::split_with_sizes":
                    var dim = call.Dim("dim", spec.Rank);
                    long start = 0;
                    for (var i = 0; i < view.Output; i++)
                    {
                        start += Sizes.Known(call, view.Node.Outputs[i].Tensor!.Sizes[dim]);
                    }

                    return editor.Call("aten::slice_scatter", parent, written, dim, start, start + Sizes.Known(call, view.Node.Outputs[view.Output].Tensor!.Sizes[dim]), 1);
                case "aten::diagonal":
                    return editor.Call("aten::diagonal_scatter", parent, written, call.Int("offset"), call.Int("dim1"), call.Int("dim2"));
                case "aten::permute":
                    var dims = call.Ints("dims").Select(item => call.Wrap(item, spec.Rank)).ToArray();
                    return editor.Permute(written, [.. Enumerable.Range(0, dims.Length).Select(item => Array.IndexOf(dims, item))]);
                case "aten::transpose" or "aten::swapaxes" or "aten::swapdims":
                    return editor.Call("aten::transpose.int", written, view.Node.Arguments[1].Value, view.Node.Arguments[2].Value);
                case "aten::t":
                    return editor.Call("aten::t", written);
                case "aten::expand" or "aten::expand_as" or "aten::as_strided" or "aten::unfold" or "aten::movedim" or "aten::view_as_real":
                    throw editor.NotLowerable(node, $"it writes through {view.Node.FullName}, of which several elements may be one");
                default:
                    return editor.Call("aten::view", written, editor.ViewSizes(written, spec.Sizes.AsSpan()));
            }
        }

        // What a node's results are views of; null if they have memory of their own.
        private static string? Source(GraphEditor editor, GraphNode node, GraphNode original)
        {
            if (original.Arguments.Length == 0 || original.Arguments[0].Value is not GraphArgument.Reference { Name: var name } || editor.Get(name).Tensor is not { } spec)
            {
                return null;
            }

            switch (node.Operator)
            {
                case "aten::view" or "aten::permute" or "aten::transpose" or "aten::t" or "aten::unsqueeze" or "aten::squeeze" or "aten::expand" or "aten::expand_as" or "aten::slice" or "aten::select"
                    or "aten::narrow" or "aten::detach" or "aten::alias" or "aten::split" or "aten::split_with_sizes" or "aten::chunk" or "aten::unbind" or "aten::diagonal" or "aten::unflatten"
                    or "aten::view_as" or "aten::movedim" or "aten::swapaxes" or "aten::swapdims" or "aten::lift_fresh" or "aten::as_strided" or "aten::unfold" or "aten::view_as_real" or "aten::dropout"
                    or "aten::positive" or "aten::_unsafe_view":
                    return name;
                case "aten::contiguous":
                    return Layouts.IsContiguous(spec) ? name : null;
                case "aten::to" or "aten::type_as":
                    var call = new OperatorCall(editor, node);
                    return node.Outputs is [{ Tensor: { } copy }] && copy.ScalarType == spec.ScalarType && copy.DimOrder.AsSpan().SequenceEqual(spec.DimOrder.AsSpan())
                        && (call.Schema?.Find("copy") is null || !call.Bool("copy")) ? name : null;
                case "aten::reshape" or "aten::flatten" or "aten::reshape_as" or "aten::ravel":
                    return node.Outputs is [{ Tensor: { } shaped }] && Layouts.Reshaped(spec, shaped.Sizes) is not null ? name : null;
                default:
                    return null;
            }
        }
    }
}
