using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>StaticResizeBilinear2D on NHWC images.</summary>
internal sealed class ResizeBilinearNode(
    NodeSource source, InstructionSet instructionSet, int height, int width, ResizeMode mode, int input, int output) : Node(source, [input], [output])
{
    public override unsafe void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        if (shape.Rank != 4 || shape.Dims[1] == 0 || shape.Dims[2] == 0)
        {
            throw Source.Invalid("the input is no batch of images", "[N, H, W, C], not empty", shape.ToString());
        }

        (shape.Dims[1], shape.Dims[2]) = (height, width);
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new ResizeStep(this, state, instructionSet, mode);

    private sealed unsafe class ResizeStep(ResizeBilinearNode node, GraphState state, InstructionSet instructionSet, ResizeMode mode)
        : Step(node, state), IParallelWork, IDisposable
    {
        private readonly delegate*<float*, float*, float*, float*, float, float, float*, nint, void> _kernel = BilinearKernel.Get(instructionSet);
        private BilinearTap* _columns;
        private int _columnCapacity;
        private int _inputHeight;
        private int _inputWidth;
        private int _outputHeight;
        private int _outputWidth;
        private int _channels;
        private int _rows;

        public void Dispose()
        {
            NativeMemory.Free(_columns);
            _columns = null;
        }

        public override void Prepare()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            ref var output = ref State.Shape(Node.Outputs[0]);
            (_inputHeight, _inputWidth, _channels) = (input.Dims[1], input.Dims[2], input.Dims[3]);
            (_outputHeight, _outputWidth) = (output.Dims[1], output.Dims[2]);
            _rows = (int)Math.Min((long)output.Dims[0] * _outputHeight, int.MaxValue);
            if (_columnCapacity < _outputWidth)
            {
                _columns = (BilinearTap*)NativeMemory.Realloc(_columns, (nuint)_outputWidth * (nuint)sizeof(BilinearTap));
                _columnCapacity = _outputWidth;
            }

            for (var x = 0; x < _outputWidth; x++)
            {
                _columns[x] = BilinearTap.At(x, _inputWidth, _outputWidth, mode);
            }

            MemoryUse = MemoryUse.Separate;
        }

        public override void Run()
        {
            var work = (long)_rows * _outputWidth * _channels;
            if (work * 4 < ParallelWork.ElementThreshold)
            {
                ((IParallelWork)this).Execute(0, _rows, 0);
            }
            else
            {
                State.Pool.Run(_rows, (int)Math.Clamp(ParallelWork.ElementGrain / 4 / ((work / _rows) + 1), 1, _rows), this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var source = State.Floats(Node.Inputs[0]);
            var destination = State.Floats(Node.Outputs[0]) + ((nint)start * _outputWidth * _channels);
            var line = (nint)_inputWidth * _channels;
            for (var row = start; row < end; row++)
            {
                var image = source + (row / _outputHeight * _inputHeight * line);
                var y = BilinearTap.At(row % _outputHeight, _inputHeight, _outputHeight, mode);
                var top = image + (y.First * line);
                var bottom = image + (y.Second * line);
                for (var x = 0; x < _outputWidth; x++, destination += _channels)
                {
                    var left = (nint)_columns[x].First * _channels;
                    var right = (nint)_columns[x].Second * _channels;
                    _kernel(top + left, top + right, bottom + left, bottom + right, _columns[x].Weight, y.Weight, destination, _channels);
                }
            }
        }
    }
}
