using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>A step that copies one operand into the output in another layout.</summary>
internal abstract unsafe class StridedCopyStep : Step, IParallelWork
{
    private readonly bool _isVectorised;
    private StridedCopy _copy;
    private float* _source;
    private float* _destination;

    protected StridedCopyStep(Node node, GraphState state, InstructionSet instructionSet)
        : base(node, state) => _isVectorised = instructionSet != InstructionSet.Scalar;

    protected void Prepare(int rank, ReadOnlySpan<long> sizes, ReadOnlySpan<long> sourceStrides, ReadOnlySpan<long> destinationStrides) =>
        _copy.Prepare(rank, sizes, sourceStrides, destinationStrides, _isVectorised);

    protected void Copy(float* source, float* destination)
    {
        if (_copy.ElementCount < ParallelWork.ElementThreshold)
        {
            _copy.Run(source, destination, 0, _copy.ItemCount);
            return;
        }

        _source = source;
        _destination = destination;
        State.Pool.Run(_copy.ItemCount, (int)Math.Max(1, ParallelWork.ElementGrain / Math.Max(1, _copy.ItemLength)), this);
    }

    public override void WarmUp(KernelWarmUp warmUp) => warmUp.Request(StridedCopy.WarmUpKey, static _ => StridedCopy.WarmUp());

    void IParallelWork.Execute(int start, int end, int worker) => _copy.Run(_source, _destination, start, end);

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
