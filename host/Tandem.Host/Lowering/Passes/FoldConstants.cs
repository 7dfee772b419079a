using Tandem.Host.Lowering.Evaluation;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Computes ahead what depends on constants alone, where the program does not grow by it: a result is kept as a constant if it is no larger than the
/// constants that nobody needs any more, and what the instructions would have taken.
/// </summary>
/// <param name="foldsQuantized">Whether dequantisation is folded too: not before backends have looked for it.</param>
internal sealed class FoldConstants(bool foldsQuantized) : IGraphPass
{
    // What an instruction with its values takes in a program.
    private const long InstructionBytes = 256;

    private const long MaxBytes = 64 << 20;

    public string Name => "fold-constants";

    public ExportedMethod Run(ExportedMethod method, PassContext context)
    {
        var plan = Plan.Create(method, context, foldsQuantized);
        if (plan is null)
        {
            return method;
        }

        using var evaluator = new ConstantEvaluator(context.Kernels);
        var values = new Dictionary<string, TensorView>(StringComparer.Ordinal);
        return GraphEditor.Rewrite(method, context, (editor, node) => editor.IsNested ? null
            : plan.Views.TryGetValue(node.Name, out var view) ? (plan.Used.Contains(node.Outputs[0].Name) ? [editor.Constant(view.Tensor, view.Name, "view")] : null)
            : plan.Folded.Contains(node.Name) ? Fold(editor, node, plan, evaluator, values) : null);
    }

    private static GraphValue[]? Fold(GraphEditor editor, GraphNode node, Plan plan, ConstantEvaluator evaluator, Dictionary<string, TensorView> values)
    {
        if (!TryEvaluate(node.Name, plan, evaluator, values))
        {
            return null;
        }

        return [.. node.Outputs.Select(output => values[output.Name] is var view && plan.Used.Contains(output.Name)
            ? editor.Constant(output.Tensor!, ConstantEvaluator.Bytes(view), "folded") : output)];
    }

    private static bool TryEvaluate(string name, Plan plan, ConstantEvaluator evaluator, Dictionary<string, TensorView> values)
    {
        var node = plan.Nodes[name];
        if (values.ContainsKey(node.Outputs[0].Name))
        {
            return true;
        }

        foreach (var reference in node.References())
        {
            if (values.ContainsKey(reference))
            {
                continue;
            }

            if (plan.Constants.TryGetValue(reference, out var tensor))
            {
                values.Add(reference, evaluator.Load(tensor));
            }
            else if (!plan.Producers.TryGetValue(reference, out var producer) || !TryEvaluate(producer, plan, evaluator, values))
            {
                return false;
            }
        }

        try
        {
            var results = evaluator.Run(node, reference => EValue.FromTensor(values[reference]));
            for (var i = 0; i < results.Length; i++)
            {
                if (results[i].ByteCount != node.Outputs[i].Tensor!.ToUpperBound().ByteCount)
                {
                    return false;
                }

                values.Add(node.Outputs[i].Name, results[i]);
            }

            return true;
        }
        catch (TandemException)
        {
            // The kernel refuses what it would refuse at run time too: the node stays, and says so there.
            return false;
        }
    }

    /// <summary>What is constant, and which nodes become constants.</summary>
    private sealed class Plan
    {
        public Dictionary<string, ExportedTensor> Constants { get; } = new(StringComparer.Ordinal);

        /// <summary>Views of constants, by node: the same bytes under other sizes.</summary>
        public Dictionary<string, (ExportedTensor Tensor, string Name)> Views { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, GraphNode> Nodes { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> Producers { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Folded { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Used { get; } = new(StringComparer.Ordinal);

        public static Plan? Create(ExportedMethod method, PassContext context, bool foldsQuantized)
        {
            var plan = new Plan();
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var input in method.Signature.Inputs)
            {
                if (input.Tensor is { } tensor && input.Kind != GraphInputKind.UserInput && !(input.Kind == GraphInputKind.Buffer && context.IsState(input.QualifiedName!))
                    && tensor.Spec is { Strides.IsDefault: true, IsStatic: true })
                {
                    plan.Constants.Add(input.ValueName, tensor);
                    names.Add(input.ValueName, input.QualifiedName ?? input.ValueName);
                }
            }

            using var evaluator = new ConstantEvaluator(context.Kernels);
            var uses = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var node in method.Graph.Nodes)
            {
                foreach (var reference in node.References())
                {
                    uses[reference] = uses.GetValueOrDefault(reference) + 1;
                }

                if (View(node, plan) is { } view)
                {
                    var name = $"{names[((GraphArgument.Reference)node.Find("self")!).Name]}.view.{string.Join('x', view.Spec.Sizes)}";
                    plan.Views.Add(node.Name, (view, name));
                    plan.Constants.Add(node.Outputs[0].Name, view);
                    names.Add(node.Outputs[0].Name, name);
                }
                else if ((foldsQuantized || !node.Operator.StartsWith("quantized_decomposed::", StringComparison.Ordinal)) && IsConstant(node, plan, context) && evaluator.CanRun(node))
                {
                    plan.Nodes.Add(node.Name, node);
                    foreach (var output in node.Outputs)
                    {
                        plan.Producers.Add(output.Name, node.Name);
                    }
                }
            }

            if (plan.Nodes.Count + plan.Views.Count == 0)
            {
                return null;
            }

            foreach (var reference in method.Graph.Outputs.SelectMany(output => output.References()))
            {
                uses[reference] = uses.GetValueOrDefault(reference) + 1;
                plan.Used.Add(reference);
            }

            foreach (var node in method.Graph.Nodes)
            {
                if (!plan.Nodes.ContainsKey(node.Name) && !plan.Views.ContainsKey(node.Name))
                {
                    plan.Used.UnionWith(node.References());
                }
            }

            plan.Choose(method.Graph, uses);
            return plan.Folded.Count + plan.Views.Count > 0 ? plan : null;
        }

        private static ExportedTensor? View(GraphNode node, Plan plan) =>
            node.FullName == "aten::view_copy" && node.Find("self") is GraphArgument.Reference reference && plan.Constants.TryGetValue(reference.Name, out var tensor)
            && node.Outputs[0].Tensor is { IsStatic: true } spec && TensorShapes.IsContiguous(tensor.Spec.DimOrder.AsSpan()) && TensorShapes.IsContiguous(spec.DimOrder.AsSpan())
                ? new ExportedTensor(spec with { StorageOffset = tensor.Spec.StorageOffset }, tensor.Storage) : null;

        private static bool IsConstant(GraphNode node, Plan plan, PassContext context)
        {
            if (!EliminateCommonSubexpressions.IsPure(node) || context.IsPreserved(node) || node.Outputs.Any(output => output.Tensor is not { IsStatic: true } spec || ByteCount(spec) > MaxBytes)
                || node.Arguments.Any(argument => argument.Value is GraphArgument.Subgraph))
            {
                return false;
            }

            return node.References().All(reference => (plan.Constants.TryGetValue(reference, out var tensor) && ByteCount(tensor.Spec) <= MaxBytes) || plan.Producers.ContainsKey(reference));
        }

        // From the end to the beginning: what a kept node reads, it needs as a constant or from a node that stays.
        private void Choose(ExportedGraph graph, Dictionary<string, int> uses)
        {
            var freed = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var node in graph.Nodes)
            {
                if (Nodes.ContainsKey(node.Name))
                {
                    var bytes = InstructionBytes;
                    foreach (var reference in node.References().Distinct())
                    {
                        if (uses[reference] == 1)
                        {
                            bytes += Constants.TryGetValue(reference, out var tensor) ? ByteCount(tensor.Spec) : freed[Producers[reference]];
                        }
                    }

                    freed[node.Name] = bytes;
                }
            }

            for (var i = graph.Nodes.Length - 1; i >= 0; i--)
            {
                var node = graph.Nodes[i];
                if (!Nodes.ContainsKey(node.Name) || !node.Outputs.Any(output => Used.Contains(output.Name)))
                {
                    continue;
                }

                if (node.Outputs.Where(output => Used.Contains(output.Name)).Sum(output => ByteCount(output.Tensor!)) <= freed[node.Name])
                {
                    Folded.Add(node.Name);
                }
                else
                {
                    Used.UnionWith(node.References());
                }
            }
        }

        private static long ByteCount(TensorSpec spec)
        {
            Int128 bytes = spec.ScalarType.Size();
            foreach (var size in spec.Sizes)
            {
                bytes *= size.Value;
            }

            return (long)Int128.Min(bytes, long.MaxValue);
        }
    }
}
