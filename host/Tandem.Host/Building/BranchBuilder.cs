using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>A branch of control flow.</summary>
internal sealed class BranchBuilder : GraphBuilder
{
    private readonly GraphBuilder _outer;
    private readonly Dictionary<ModelTensor, GraphTensor> _lifted = [];
    private readonly ImmutableArray<GraphTensor> _operands;
    private readonly List<ModelTensor> _used = [];

    internal BranchBuilder(GraphBuilder outer, IEnumerable<GraphTensor> operands)
        : base(outer.Program, outer.Names)
    {
        _outer = outer;
        _operands = [.. operands.Select(operand => AddInput(Names.Unique(operand.Name), operand.Spec))];
    }

    /// <summary>What the branch uses of the program, in order of first use.</summary>
    internal IReadOnlyList<ModelTensor> Used => _used;

    internal IReadOnlyList<GraphTensor> Run(Func<ImmutableArray<GraphTensor>, IReadOnlyList<GraphTensor>> build, string operatorName, string file, int line)
    {
        var results = build(_operands);
        foreach (var result in results)
        {
            if (result.Graph != this)
            {
                throw Wrong(operatorName, "a branch returns a tensor of another graph", "a value that the branch made", result.ToString(), file, line);
            }
        }

        return results;
    }

    /// <summary>The branch as a graph with an input for each operand and each tensor of the program that either branch uses.</summary>
    internal ExportedGraph Finish(ImmutableArray<ModelTensor> used, IReadOnlyList<GraphTensor> results) => new(
        [.. _operands.Select(ToValue), .. used.Select(tensor => ToValue(Lift(tensor)))],
        [.. Nodes],
        [.. results.Select(result => new GraphArgument.Reference(result.Name))]);

    internal override GraphTensor Lift(ModelTensor tensor)
    {
        if (!_lifted.TryGetValue(tensor, out var value))
        {
            // In an outer graph a buffer may have been assigned: the branch then gets the assigned value.
            _lifted[tensor] = value = AddInput(Names.Unique(tensor.Name), _outer.Read(tensor).Spec);
            _used.Add(tensor);
        }

        return value;
    }

    private static GraphValue ToValue(GraphTensor tensor) => new(tensor.Name, tensor.Spec);
}
