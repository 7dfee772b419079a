using System.Collections.Immutable;
using Tandem.Host.Import;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Import;

/// <summary>What an archive says of a value is what the operator's rules say of it.</summary>
public sealed class ShapeTests
{
    [Fact]
    public void SizesAndElementTypesOfArchivesFollowFromTheirOperators()
    {
        var (checkedNodes, unknown) = (0, new SortedSet<string>(StringComparer.Ordinal));
        var failures = new List<string>();
        foreach (var file in SharedVectors.Files(".pt2"))
        {
            foreach (var method in ExportedProgramReader.Read(file).Methods)
            {
                Check(method.Graph, file);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{checkedNodes} nodes; no rule for {string.Join(", ", unknown)}");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(checkedNodes > 2000, $"{checkedNodes} nodes");

        void Check(ExportedGraph graph, string file)
        {
            var values = graph.Inputs.ToDictionary(value => value.Name);
            foreach (var node in graph.Nodes)
            {
                foreach (var argument in node.Arguments)
                {
                    if (argument.Value is GraphArgument.Subgraph nested)
                    {
                        Check(nested.Value, file);
                    }
                }

                if (OperatorTable.TryGet(node.FullName, out var schema) && ShapeInference.Knows(schema))
                {
                    checkedNodes++;
                    Compare(node, schema, values, file);
                }
                else
                {
                    unknown.Add(node.FullName);
                }

                foreach (var output in node.Outputs)
                {
                    values.Add(output.Name, output);
                }
            }
        }

        void Compare(GraphNode node, OperatorSchema schema, Dictionary<string, GraphValue> values, string file)
        {
            try
            {
                var symbols = 0;
                var inferred = ShapeInference.Infer(new OperatorArguments(schema, node.Arguments, values.GetValueOrDefault)
                {
                    NewSymbol = (minimum, maximum) => SymbolicInt.Symbol($"new{symbols++}", minimum, maximum),
                });
                for (var i = 0; i < node.Outputs.Length; i++)
                {
                    var (expected, found) = (node.Outputs[i].Tensor, i < inferred.Length ? inferred[i].Tensor : null);
                    if (expected is not null && (found is null || found.ScalarType != expected.ScalarType || !Fits(expected.Sizes, found.Sizes)))
                    {
                        failures.Add($"{file}: {node}, output {i}: {expected} in the archive, {found} by the rules");
                    }
                }
            }
            catch (TandemException error)
            {
                failures.Add($"{file}: {node}: {error.Message}");
            }
        }
    }

    // Sizes that the data decides have names of their own in each.
    private static bool Fits(ImmutableArray<SymbolicInt> expected, ImmutableArray<SymbolicInt> found) => expected.Length == found.Length
        && expected.Zip(found).All(pair => pair.First.IsSameAs(pair.Second) || (pair.Second.Expression ?? "").StartsWith("new", StringComparison.Ordinal));
}
