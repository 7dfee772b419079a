using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>A step that copies one operand into the output in another layout.</summary>
internal abstract unsafe class StridedCopyStep : Step, IParallelWork
{
    private readonly bool _isVectorised;
    private StridedCopy _copy;
    private StridedByteCopy _bytes;
    private byte* _source;
    private byte* _destination;

    protected StridedCopyStep(Node node, GraphState state, InstructionSet instructionSet)
        : base(node, state)
    {
        _isVectorised = instructionSet != InstructionSet.Scalar;
        ElementSize = state.Graph.Values[node.Inputs[0]].ScalarType.Size();
    }

    /// <summary>Bytes of an element: 4, or 1 of quantised values.</summary>
    protected int ElementSize { get; }

    protected void Prepare(int rank, ReadOnlySpan<long> sizes, ReadOnlySpan<long> sourceStrides, ReadOnlySpan<long> destinationStrides)
    {
        if (ElementSize == 1)
        {
            _bytes.Prepare(rank, sizes, sourceStrides, destinationStrides);
        }
        else
        {
            _copy.Prepare(rank, sizes, sourceStrides, destinationStrides, _isVectorised);
        }
    }

    protected void Copy(byte* source, byte* destination)
    {
        _source = source;
        _destination = destination;
        var (items, length, count) = ElementSize == 1
            ? (_bytes.ItemCount, _bytes.ItemLength, _bytes.ElementCount) : (_copy.ItemCount, _copy.ItemLength, _copy.ElementCount);
        if (count == 0)
        {
            return;
        }

        if (count < ParallelWork.ElementThreshold)
        {
            ((IParallelWork)this).Execute(0, items, 0);
            return;
        }

        State.Pool.Run(items, (int)Math.Max(1, ParallelWork.ElementGrain / Math.Max(1, length)), this);
    }

    public override void WarmUp(KernelWarmUp warmUp) => warmUp.Request(StridedCopy.WarmUpKey, static _ => StridedCopy.WarmUp());

    void IParallelWork.Execute(int start, int end, int worker)
    {
        if (ElementSize == 1)
        {
            _bytes.Run(_source, _destination, start, end);
        }
        else
        {
            _copy.Run((float*)_source, (float*)_destination, start, end);
        }
    }

    /// <summary>Strides of a dense tensor.</summary>
    protected static void DenseStrides(in Shape shape, Span<long> strides)
    {
        long stride = 1;
        for (var i = shape.Rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= shape.Dims[i];
        }
    }
}
