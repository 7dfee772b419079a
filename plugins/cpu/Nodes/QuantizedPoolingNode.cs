using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;
using GraphValue = Tandem.Plugins.Cpu.Graph.GraphValue;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>MaxPooling2d, AvgPooling2d and, without a geometry, GlobalAvgPooling2d of quantised images.</summary>
internal sealed unsafe class QuantizedPoolingNode(
    NodeSource source, bool isMaximum, PoolingGeometry? geometry, bool keepsDimensions, GraphValue input, GraphValue output, Requantization bounds)
    : Node(source, [input.Index], [output.Index])
{
    public override void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        if (geometry is null)
        {
            shape = PoolingGeometry.Reduce(Source, shape, keepsDimensions);
        }
        else
        {
            (_, _, shape.Dims[1], shape.Dims[2]) = geometry.Measure(Source, shape);
        }

        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new PoolingStep(this, state, isMaximum, geometry, input, output, bounds);

    private sealed class PoolingStep(
        QuantizedPoolingNode node, GraphState state, bool isMaximum, PoolingGeometry? geometry, GraphValue input, GraphValue output, Requantization bounds)
        : Step(node, state), IParallelWork
    {
        private PoolingArguments _p;
        private int _rows;
        private long _work;

        public override void Prepare()
        {
            ref var shape = ref State.Shape(Node.Inputs[0]);
            _p = geometry?.Arguments(Node.Source, shape) ?? PoolingGeometry.WholeImage(shape);
            _rows = (int)(shape.Product(0, shape.Rank - 3) * _p.OutputHeight);
            _work = State.Shape(Node.Outputs[0]).ElementCount * _p.WindowHeight * _p.WindowWidth;
            MemoryUse = MemoryUse.Separate;
        }

        public override void Run()
        {
            _p.Input = State.Floats(Node.Inputs[0]);
            _p.Output = State.Floats(Node.Outputs[0]);
            if (_work < ParallelWork.ElementThreshold || _rows == 1)
            {
                ((IParallelWork)this).Execute(0, _rows, 0);
            }
            else
            {
                State.Pool.Run(_rows, (int)Math.Clamp(ParallelWork.ElementGrain / ((_work / _rows) + 1), 1, _rows), this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var isUnsigned = input.ScalarType == ScalarType.Byte;
            if (isMaximum)
            {
                QuantizedPoolingKernel.Maximum(_p, start, end, bounds.Minimum, bounds.Maximum, isUnsigned);
            }
            else
            {
                QuantizedPoolingKernel.Mean(_p, start, end, input.PerTensor.ZeroPoint, input.PerTensor.Scale / output.PerTensor.Scale, bounds, isUnsigned);
            }
        }
    }
}
