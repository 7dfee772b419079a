using System.Collections.Immutable;
using Tandem.Host.Building;
using Tandem.Host.Import;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Building;

/// <summary>Programs of torch.export, built again call by call: the graph builder gives the same graphs.</summary>
public sealed class RebuiltProgramTests
{
    [Fact]
    public void The_builder_gives_the_graphs_that_torch_export_wrote()
    {
        var (rebuilt, calls) = (0, 0);
        var (failures, left) = (new List<string>(), new List<string>());
        foreach (var file in SharedVectors.Files(".pt2"))
        {
            var name = Path.GetFileName(Path.GetDirectoryName(file)) ?? "";
            try
            {
                var original = ExportedProgramReader.Read(file);
                if (Obstacle(original) is { } obstacle)
                {
                    left.Add($"{name}: {obstacle}");
                    continue;
                }

                var built = new Rebuild(original).Run();
                calls += Compare(name, original, built, failures);
                rebuilt++;
            }
            catch (TandemException error) when (error.Code != ErrorCode.ExportedProgramNotSupported)
            {
                failures.Add($"{name}: {error.Message}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{rebuilt} programs, {calls} calls; left out:\n{string.Join('\n', left)}");
        Assert.True(failures.Count == 0, string.Join('\n', [$"{failures.Count} differ", .. failures.Take(40)]));
        Assert.True(rebuilt >= 340, $"{rebuilt} programs");
    }

    // What the test, not the builder, leaves out.
    private static string? Obstacle(ExportedProgram program)
    {
        foreach (var method in program.Methods)
        {
            if (method.Graph.Nodes.FirstOrDefault(node => node.Operator.StartsWith("higher_order::", StringComparison.Ordinal) || node.Operator.StartsWith("export::", StringComparison.Ordinal)) is { } node)
            {
                return node.Operator;
            }

            if (method.Graph.Inputs.FirstOrDefault(input => input.Tensor is null || !Layouts.IsContiguous(input.Tensor)) is { } other)
            {
                return $"input {other}";
            }
        }

        return null;
    }

    private static int Compare(string name, ExportedProgram original, ExportedProgram built, List<string> failures)
    {
        var calls = 0;
        for (var i = 0; i < original.Methods.Length; i++)
        {
            var (theirs, ours) = (Calls(original.Methods[i]), Calls(built.Methods[i]));
            if (!theirs.Select(node => node.FullName).SequenceEqual(ours.Select(node => node.FullName)))
            {
                failures.Add($"{name}: operators differ");
                continue;
            }

            foreach (var (their, our) in theirs.Zip(ours))
            {
                calls++;
                if (their.Outputs.Length != our.Outputs.Length || !their.Outputs.Zip(our.Outputs).All(pair => pair.First.Tensor is not { } expected || Same(expected, pair.Second.Tensor)))
                {
                    failures.Add($"{name}: {our}: {string.Join(", ", our.Outputs.Select(output => output.Tensor))}, recorded {string.Join(", ", their.Outputs.Select(output => output.Tensor))}");
                }
            }
        }

        return calls;
    }

    // Sizes that the data decides are numbered by each builder.
    private static bool Same(TensorSpec expected, TensorSpec? found) => found is not null && found.ScalarType == expected.ScalarType && found.Rank == expected.Rank
        && found.Sizes.Zip(expected.Sizes).All(pair => pair.First.IsSameAs(pair.Second) || (pair.First.Expression?.Contains('u') == true && pair.Second.Expression?.Contains('u') == true));

    private static List<GraphNode> Calls(ExportedMethod method) =>
        [.. method.Graph.Nodes.Where(node => OperatorTable.TryGet(node.FullName, out var schema) && !schema.Returns.IsEmpty && node.Operator != "aten::sym_size")];

    private sealed class Rebuild(ExportedProgram original)
    {
        private readonly ExportedProgramBuilder _builder = new();
        private readonly Dictionary<string, ModelTensor> _tensors = [];
        private readonly Dictionary<string, SymbolicInt> _dims = [];

        public ExportedProgram Run()
        {
            foreach (var method in original.Methods)
            {
                _builder.Method(method.Name, builder => Run(method, builder));
            }

            return _builder.Build();
        }

        private void Run(ExportedMethod method, MethodBuilder builder)
        {
            var values = new Dictionary<string, object>();
            for (var i = 0; i < method.Graph.Inputs.Length; i++)
            {
                var (value, spec) = (method.Graph.Inputs[i], method.Signature.Inputs[i]);
                values[value.Name] = spec.Kind == GraphInputKind.UserInput
                    ? builder.Input(value.Name, value.Tensor!.ScalarType, [.. value.Tensor.Sizes.Select(Dim)])
                    : Tensor(spec, value.Tensor!);
            }

            foreach (var node in method.Graph.Nodes)
            {
                if (node.Outputs is [{ Tensor: null } number])
                {
                    values[number.Name] = number.Integer ?? 0;
                    continue;
                }

                if (!OperatorTable.TryGet(node.FullName, out var schema) || schema.Returns.IsEmpty)
                {
                    continue;
                }

                var results = builder.Call(node.FullName, [.. node.Arguments.Select(argument => new OperatorArgument(argument.Name, Convert(argument.Value, values)))]);
                for (var i = 0; i < results.Length; i++)
                {
                    values[node.Outputs[i].Name] = results[i];
                }
            }

            for (var i = 0; i < method.Graph.Outputs.Length; i++)
            {
                if (method.Graph.Outputs[i] is GraphArgument.Reference reference && values[reference.Name] is TensorOperand output)
                {
                    if (method.Signature.Outputs[i] is { Kind: GraphOutputKind.BufferMutation, TargetName: { } target })
                    {
                        builder.Assign(_tensors[target], output as GraphTensor ?? builder.Read((ModelTensor)output));
                    }
                    else
                    {
                        builder.Output(output);
                    }
                }
            }
        }

        private SymbolicInt Dim(SymbolicInt size)
        {
            if (size.IsConstant)
            {
                return size;
            }

            if (!_dims.TryGetValue(size.Expression!, out var dim))
            {
                _dims.Add(size.Expression!, dim = _builder.Dim(size.Expression!, (int)Math.Max(size.Minimum, 1), (int)Math.Min(size.Maximum, int.MaxValue)));
            }

            return dim;
        }

        private ModelTensor Tensor(GraphInputSpec spec, TensorSpec tensor)
        {
            var name = spec.QualifiedName!;
            if (!_tensors.TryGetValue(name, out var known))
            {
                _tensors.Add(name, known = spec switch
                {
                    { Tensor: null } => _builder.EmptyBuffer(name, tensor.ScalarType, [.. tensor.Sizes.Select(size => (int)size.Value)]),
                    { Kind: GraphInputKind.Buffer } => _builder.Buffer(name, spec.Tensor, spec.IsPersistent),
                    { Kind: GraphInputKind.Parameter } => _builder.Parameter(name, spec.Tensor),
                    _ => _builder.Constant(name, spec.Tensor),
                });
            }

            return known;
        }

        private static OperatorArgument Convert(GraphArgument argument, Dictionary<string, object> values) => argument switch
        {
            GraphArgument.Reference reference => values[reference.Name] is TensorOperand tensor ? tensor : (SymbolicInt)values[reference.Name],
            GraphArgument.None => OperatorArgument.None,
            GraphArgument.Int { Value: var value } => value,
            GraphArgument.Symbolic { Value: var value } => value,
            GraphArgument.Float { Value: var value } => value,
            GraphArgument.Bool { Value: var value } => value,
            GraphArgument.Text { Value: var value } => value,
            GraphArgument.Option { Value: var value } => value,
            GraphArgument.DataType { Value: var value } => (ScalarType?)value,
            GraphArgument.List { Items: var items } => Convert(items, values),
            _ => throw new InvalidOperationException($"no conversion of {argument}"),
        };

        private static OperatorArgument Convert(ImmutableArray<GraphArgument> items, Dictionary<string, object> values) =>
            items.Any(item => item is GraphArgument.Float) ? items.Select(item => item is GraphArgument.Float number ? number.Value : ((GraphArgument.Int)item).Value).ToArray()
            : items.Any(item => item is GraphArgument.Reference reference && values[reference.Name] is TensorOperand)
                ? items.Select(item => item is GraphArgument.Reference reference ? (TensorOperand)values[reference.Name] : null).ToArray()
            : items.Select(item => item switch
            {
                GraphArgument.Int number => number.Value,
                GraphArgument.Symbolic symbolic => symbolic.Value,
                GraphArgument.Reference reference => (SymbolicInt)values[reference.Name],
                _ => throw new InvalidOperationException($"no conversion of {item}"),
            }).ToArray();
    }
}
