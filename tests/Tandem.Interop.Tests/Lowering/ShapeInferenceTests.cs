using Tandem.Host.Import;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>Shapes, element types and layouts that the rules infer, beside those that torch.export recorded for every node of every archive.</summary>
public sealed class ShapeInferenceTests
{
    [Fact]
    public void Every_node_of_every_archive_is_inferred_as_PyTorch_recorded_it()
    {
        var tally = new Tally();
        foreach (var file in SharedVectors.Files(".pt2"))
        {
            ExportedProgram program;
            try
            {
                program = ExportedProgramReader.Read(file);
            }
            catch (TandemException error) when (error.Code == ErrorCode.ExportedProgramNotSupported)
            {
                continue;
            }

            foreach (var method in program.Methods)
            {
                Compare($"{Path.GetFileName(Path.GetDirectoryName(file))} {method.Name}", method.Graph, tally);
            }
        }

        var report = $"{tally.Nodes} nodes of {tally.Operators.Count} operators: {tally.Failures.Count} sizes or types differ, "
            + $"{tally.Layouts.Count} layouts differ, {tally.Unknown.Count} operators have no rule";
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', [report, .. tally.Layouts.Take(40), .. tally.Unknown]));
        Assert.True(tally.Failures.Count == 0, string.Join('\n', [report, .. tally.Failures.Take(60)]));
        Assert.True(tally.Unknown.Count == 0, string.Join('\n', tally.Unknown));
        Assert.True(tally.Layouts.Count == 0, string.Join('\n', [report, .. tally.Layouts.Take(60)]));
        Assert.True(tally.Nodes >= 1600 && tally.Operators.Count >= 250, report);
    }

    private static void Compare(string where, ExportedGraph graph, Tally tally)
    {
        var values = graph.Inputs.ToDictionary(value => value.Name);
        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs)
            {
                values[output.Name] = output;
            }

            foreach (var argument in node.Arguments)
            {
                if (argument.Value is GraphArgument.Subgraph { Value: var nested })
                {
                    Compare(where, nested, tally);
                }
            }

            // Asserts give nothing; arithmetic on sizes and control flow are no operators with a schema.
            if (!OperatorTable.TryGet(node.FullName, out var schema) || schema.Returns.IsEmpty || node.Operator == "export::access_subclass_inner_tensor")
            {
                continue;
            }

            if (!ShapeInference.Knows(schema))
            {
                tally.Unknown.Add(node.FullName);
                continue;
            }

            tally.Nodes++;
            tally.Operators.Add(node.FullName);
            var symbols = new Queue<SymbolicInt>(node.Outputs.SelectMany(output => output.Tensor?.Sizes ?? []).Where(size => !size.IsConstant && size.Expression!.StartsWith('u')));
            try
            {
                // Sizes that the data decides have the names that the exporter gave them.
                var call = new OperatorArguments(schema, node.Arguments, name => values.GetValueOrDefault(name))
                {
                    NewSymbol = (minimum, maximum) => symbols.TryDequeue(out var given) ? given : SymbolicInt.Symbol("open", minimum, maximum),
                };
                var results = ShapeInference.Infer(call);
                if (results.Length != node.Outputs.Length)
                {
                    tally.Failures.Add($"{where}: {node}: {results.Length} results, recorded {node.Outputs.Length}");
                    continue;
                }

                for (var i = 0; i < results.Length; i++)
                {
                    Compare($"{where}: {node}", results[i], node.Outputs[i], tally);
                }
            }
            catch (TandemException error)
            {
                tally.Failures.Add($"{where}: {node}: {error.Message}");
            }
        }
    }

    private static void Compare(string where, InferredValue inferred, GraphValue recorded, Tally tally)
    {
        if (recorded.Tensor is not { } expected)
        {
            // A result that nobody uses is recorded without its spec.
            if (recorded.Integer is { } integer && inferred.Integer?.IsSameAs(integer) != true)
            {
                tally.Failures.Add($"{where}: {inferred.Integer}, recorded {integer}");
            }
        }
        else if (inferred.Tensor is not { } found || found.ScalarType != expected.ScalarType || !ShapeRules.SameSizes(found.Sizes, expected.Sizes)
            || found.Sizes.Zip(expected.Sizes).Any(pair => pair.First.Maximum > pair.Second.Maximum && pair.Second.IsBounded))
        {
            tally.Failures.Add($"{where}: {inferred.Tensor}, recorded {expected}");
        }
        // The kernel of attention that the exporter's machine chose decides the layout of its result.
        else if (!where.Contains("scaled_dot_product_attention") && !SameStrides(found, expected))
        {
            tally.Layouts.Add($"{where}: {found} strides {string.Join(",", Host.Lowering.Inference.Layouts.StridesOf(found))}, recorded {expected} strides {string.Join(",", Host.Lowering.Inference.Layouts.StridesOf(expected))}");
        }
    }

    // Strides of dimensions of one element, and of tensors without elements, mean nothing.
    private static bool SameStrides(TensorSpec left, TensorSpec right)
    {
        var (a, b) = (Host.Lowering.Inference.Layouts.StridesOf(left), Host.Lowering.Inference.Layouts.StridesOf(right));
        return left.Sizes.Any(size => size is { IsConstant: true, Value: 0 })
            || Enumerable.Range(0, left.Rank).All(dim => ShapeRules.IsOne(left.Sizes[dim]) || a[dim].IsSameAs(b[dim]));
    }

    private sealed class Tally
    {
        public int Nodes { get; set; }

        public SortedSet<string> Operators { get; } = new(StringComparer.Ordinal);

        public SortedSet<string> Unknown { get; } = new(StringComparer.Ordinal);

        public List<string> Failures { get; } = [];

        public List<string> Layouts { get; } = [];
    }
}
