using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>One operation of the compiled graph, shared by all sessions. Mutable while the graph is compiled, then never.</summary>
internal abstract class Node
{
    protected Node(NodeSource source, int[] inputs, int[] outputs)
    {
        Source = source;
        Inputs = inputs;
        Outputs = outputs;
    }

    /// <summary>The payload's node that it comes from.</summary>
    public NodeSource Source { get; }

    /// <summary>Values that it reads; constants that were packed are not among them.</summary>
    public int[] Inputs { get; }

    /// <summary>Values that it writes.</summary>
    public int[] Outputs { get; }

    /// <summary>Whether it only moves elements, so that rounded operands give rounded results.</summary>
    public virtual bool OnlyMoves => false;

    /// <summary>Takes a clamp that follows it into its own bounds.</summary>
    /// <returns>False if it has none.</returns>
    public virtual bool TryFuseClamp(float minimum, float maximum) => false;

    /// <summary>Takes bounds of its result's codes that follow it into its own.</summary>
    /// <returns>False if it has none.</returns>
    public virtual bool TryFuseCodeBounds(int minimum, int maximum) => false;

    /// <summary>Computes the shapes of the outputs from those of the inputs.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/>: the shapes do not fit the operation.</exception>
    public abstract void InferShapes(GraphState state);

    /// <summary>Makes the half of the operation that belongs to one executor.</summary>
    public abstract Step CreateStep(GraphState state);

    /// <summary>Sets an output's shape after measuring it.</summary>
    protected void SetShape(GraphState state, int output, in Shape shape)
    {
        if (shape.Measure() < 0)
        {
            throw Source.Invalid("an output is too large", $"at most {Shape.MaxElementCount} elements", shape.ToString());
        }

        state.Shape(Outputs[output]) = shape;
    }
}
