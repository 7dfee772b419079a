using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Nodes;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Turns a payload into a graph that is ready to run.</summary>
internal static class GraphCompiler
{
    /// <summary>Compiles a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="constants">Its constants; the graph takes references on those that it reads later.</param>
    /// <param name="instructionSet">The rung of the kernels.</param>
    /// <param name="cache">Where packed weights are shared.</param>
    /// <param name="argumentCount">Arguments of the delegate call.</param>
    /// <param name="store">Where packed weights are kept between processes; null: nowhere.</param>
    /// <param name="pool">Threads to pack weights on; null packs on the caller's.</param>
    /// <param name="winograd">Whether convolutions may take Winograd's transforms.</param>
    /// <param name="arena">Memory for weights that are kept nowhere else; the graph's from here on, whatever happens. Null: each in memory of its own.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>; nothing is held.</exception>
    public static CompiledGraph Compile(
        PayloadGraph payload, ConstantTable constants, InstructionSet instructionSet, DerivedDataCache cache, int argumentCount, PackedStore? store = null,
        ComputePool? pool = null, bool winograd = true, DerivedDataLease<PackedArena>? arena = null)
    {
        GraphBuilder builder;
        try
        {
            arena?.Value.Expect(constants.ByteCount);
            builder = new GraphBuilder(payload, constants, instructionSet, cache, argumentCount)
            {
                Store = store,
                Arena = arena?.Value,
                Pool = pool,
                AllowsWinograd = winograd,
            };
        }
        catch
        {
            arena?.Dispose();
            throw;
        }

        if (arena is not null)
        {
            builder.Resources.Add(arena);
        }

        try
        {
            constants.MoveTo(builder.Resources);
            var nodes = Translate(payload, builder);
            builder.CheckOutputs();
            var values = builder.Values.ToArray();
            GraphOptimizer.Optimize(values, nodes, instructionSet);
            var graph = new CompiledGraph(values, [.. nodes], builder.Resources);

            // With the file's upper bounds: what cannot fit is found now and not in the middle of a run.
            using var state = new GraphState(graph);
            foreach (var node in graph.Nodes)
            {
                node.InferShapes(state);
            }

            return graph;
        }
        catch
        {
            foreach (var resource in builder.Resources)
            {
                resource.Dispose();
            }

            throw;
        }
    }

    private static List<Node> Translate(PayloadGraph payload, GraphBuilder builder)
    {
        var nodes = new List<Node>(payload.Nodes.Length + 8);
        var boundary = new NodeSource("Boundary", -1, -1);
        foreach (var (input, inner) in builder.NarrowInputs)
        {
            nodes.Add(new NarrowConversionNode(boundary, builder.Values[input].ScalarType, true, input, inner));
        }

        foreach (var node in payload.Nodes)
        {
            if (NodeTranslator.Translate(node, builder) is not { } translated)
            {
                continue;
            }

            nodes.Add(translated);
            if (translated.OnlyMoves || translated is UnaryNode { Kind: UnaryKind.RoundToHalf or UnaryKind.RoundToBFloat16 })
            {
                continue;
            }

            // Numbers of fp16 and bf16 are computed in floats and rounded once a node.
            for (var i = 0; i < translated.Outputs.Length; i++)
            {
                var output = translated.Outputs[i];
                if (builder.Values[output].Precision is { } precision)
                {
                    translated.Outputs[i] = builder.AddUnrounded(output);
                    nodes.Add(new UnaryNode(translated.Source, NodeTranslator.Rounding(precision), builder.InstructionSet, translated.Outputs[i], output));
                }
            }
        }

        foreach (var (inner, output) in builder.NarrowOutputs)
        {
            nodes.Add(new NarrowConversionNode(boundary, builder.Values[output].ScalarType, false, inner, output));
        }

        return nodes;
    }
}
