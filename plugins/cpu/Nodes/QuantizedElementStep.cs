using Tandem.Plugins.Cpu.Graph;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>A step that goes over its operands element by element, split over threads where that pays.</summary>
internal abstract class QuantizedElementStep(Node node, GraphState state) : Step(node, state), IParallelWork
{
    private const int Chunk = 1024;
    private nint _count;

    public override void Prepare()
    {
        _count = State.Count(Node.Outputs[0]);
        MemoryUse = State.Graph.Values[Node.Inputs[0]].ScalarType.Size() == State.Graph.Values[Node.Outputs[0]].ScalarType.Size() ? MemoryUse.InPlace : MemoryUse.Separate;
    }

    public override void Run()
    {
        if (_count < ParallelWork.ElementThreshold)
        {
            Run(0, _count);
        }
        else
        {
            State.Pool.Run((int)((_count + Chunk - 1) / Chunk), ParallelWork.ElementGrain / Chunk, this);
        }
    }

    void IParallelWork.Execute(int start, int end, int worker)
    {
        var first = (nint)start * Chunk;
        Run(first, Math.Min(_count, (nint)end * Chunk) - first);
    }

    /// <summary>Does elements of a range.</summary>
    protected abstract void Run(nint first, nint count);
}
