using System.Numerics.Tensors;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Convolution;

/// <summary>Float convolution: rows of the output are sums of scaled rows of the input, one output channel an item of work.</summary>
internal sealed unsafe class FloatConvolution : IParallelWork
{
    private TensorView _input = null!;
    private TensorView _weight = null!;
    private TensorView? _bias;
    private TensorView _output = null!;
    private ConvolutionShape _shape;
    private float* _rows;

    internal void Run(KernelContext context, TensorView input, TensorView weight, TensorView? bias, TensorView output, in ConvolutionShape shape)
    {
        (_input, _weight, _bias, _output, _shape) = (input, weight, bias, output, shape);
        _rows = (float*)context.Allocate((long)context.Pool.ThreadCount * shape.Output(2) * 2 * sizeof(float));
        context.Pool.Run(shape.Batch * shape.OutputChannels, 1, this);
    }

    public void Execute(int start, int end, int worker)
    {
        var width = _shape.Output(2);
        var sum = new Span<float>(_rows + ((long)worker * width * 2), width);
        var gathered = new Span<float>(_rows + ((((long)worker * 2) + 1) * width), width);
        var groupInputs = _shape.InputChannels / _shape.Groups;
        var groupOutputs = _shape.OutputChannels / _shape.Groups;
        for (var item = start; item < end; item++)
        {
            var n = Math.DivRem(item, _shape.OutputChannels, out var oc);
            var firstInput = oc / groupOutputs * groupInputs;
            for (var z = 0; z < _shape.Output(0); z++)
            {
                for (var y = 0; y < _shape.Output(1); y++)
                {
                    sum.Fill(_bias is null ? 0 : ((float*)_bias.Data)[oc]);
                    AddTaps(sum, gathered, n, oc, firstInput, groupInputs, z, y);
                    Store(sum, n, oc, z, y);
                }
            }
        }
    }

    private void AddTaps(Span<float> sum, Span<float> gathered, int n, int oc, int firstInput, int groupInputs, int z, int y)
    {
        for (var ic = 0; ic < groupInputs; ic++)
        {
            for (var kz = 0; kz < _shape.Kernel(0); kz++)
            {
                for (var ky = 0; ky < _shape.Kernel(1); ky++)
                {
                    if (!_shape.TryInput(0, z, kz, false, out var iz) || !_shape.TryInput(1, y, ky, false, out var iy))
                    {
                        continue;
                    }

                    var source = (float*)_input.Data + _shape.Offset(_input, n, firstInput + ic, iz, iy, 0);
                    var weights = (float*)_weight.Data + _shape.WeightOffset(_weight, oc, ic, kz, ky, 0);
                    for (var kx = 0; kx < _shape.Kernel(2); kx++)
                    {
                        AddRow(sum, gathered, source, weights[kx], kx);
                    }
                }
            }
        }
    }

    private void AddRow(Span<float> sum, Span<float> gathered, float* source, float weight, int tap)
    {
        var (stride, offset) = (_shape.Stride(2), (tap * _shape.Dilation(2)) - _shape.Padding(2));

        // Outputs whose input lies inside the row.
        var first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
        var last = Math.Min(sum.Length, _shape.Input(2) - offset <= 0 ? 0 : ((_shape.Input(2) - offset - 1) / stride) + 1);
        if (first >= last)
        {
            return;
        }

        var part = sum[first..last];
        var step = stride * _input.Strides[^1];
        var from = source + ((offset + ((long)first * stride)) * _input.Strides[^1]);
        if (step == 1)
        {
            TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(from, part.Length), weight, part, part);
            return;
        }

        var dense = gathered[..part.Length];
        for (var i = 0; i < dense.Length; i++)
        {
            dense[i] = from[i * step];
        }

        TensorPrimitives.MultiplyAdd(dense, weight, part, part);
    }

    private void Store(Span<float> sum, int n, int oc, int z, int y)
    {
        var target = (float*)_output.Data + _shape.Offset(_output, n, oc, z, y, 0);
        var step = _output.Strides[^1];
        for (var x = 0; x < sum.Length; x++)
        {
            target[x * step] = sum[x];
        }
    }
}
