using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Fourier;

/// <summary>Discrete Fourier transforms of any length: _fft_r2c and _fft_c2r. Powers of two by radix 2, other lengths by the definition.</summary>
internal static unsafe class FourierKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::_fft_r2c.out", RealToComplex)
        .Add("aten::_fft_c2r.out", ComplexToReal);

    // input, dim, normalization, onesided: the last dimension of dim is the one that is halved
    private static void RealToComplex(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var dims = arguments.IntList(1);
        var isOneSided = arguments.Bool(3);
        Dims.Check(dims.Length > 0 && input.Rank > 0 && output.ScalarType.IsComplex(), "_fft_r2c needs a dimension and a complex output");
        var last = Dims.Wrap(dims[^1], input.Rank);
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[last] = isOneSided ? (sizes[last] / 2) + 1 : sizes[last];
        output.Resize(sizes);
        var scale = Scale(input, dims, arguments.Int(2));
        var buffer = new Line(context, input.Sizes[last]);
        foreach (var line in new Lines(input, output, last))
        {
            for (var i = 0; i < line.Count; i++)
            {
                buffer.Set(i, Elements.LoadDouble(line.Source + (i * line.SourceStride), input.ScalarType), 0);
            }

            buffer.Transform(isInverse: false);
            for (var i = 0; i < sizes[last]; i++)
            {
                Store(line.Target + (i * line.TargetStride), output.ScalarType, buffer.Real(i), buffer.Imaginary(i), dims.Length == 1 ? scale : 1);
            }
        }

        TransformInPlace(context, output, dims[..^1], isInverse: false, scale);
    }

    // input, dim, normalization, last_dim_size
    private static void ComplexToReal(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var dims = arguments.IntList(1);
        var length = checked((int)arguments.Int(3));
        Dims.Check(dims.Length > 0 && input.Rank > 0 && input.ScalarType.IsComplex() && length > 0, "_fft_c2r needs a dimension, a complex input and a length");
        var last = Dims.Wrap(dims[^1], input.Rank);
        Dims.Check(input.Sizes[last] >= (length / 2) + 1, "_fft_c2r's input is shorter than half of its output");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[last] = length;
        output.Resize(sizes);

        // The other dimensions first, on a copy: the input is only read.
        var copy = new TensorView(input.ToLayout());
        copy.Bind(context.Allocate(input.ByteCount));
        Buffer.MemoryCopy(input.Data, copy.Data, input.ByteCount, input.ByteCount);
        TransformInPlace(context, copy, dims[..^1], isInverse: true, 1);
        var scale = Scale(output, dims, arguments.Int(2));
        var buffer = new Line(context, length);
        foreach (var line in new Lines(copy, output, last))
        {
            for (var i = 0; i < length; i++)
            {
                // The missing half is the conjugate of the half that is there.
                var isThere = i <= length / 2;
                var at = line.Source + ((isThere ? i : length - i) * line.SourceStride);
                var (real, imaginary) = Load(at, input.ScalarType);
                var isReal = i == 0 || (length % 2 == 0 && i == length / 2);
                buffer.Set(i, real, isReal ? 0 : isThere ? imaginary : -imaginary);
            }

            buffer.Transform(isInverse: true);
            for (var i = 0; i < length; i++)
            {
                Elements.Store(line.Target + (i * line.TargetStride), output.ScalarType, buffer.Real(i) * scale);
            }
        }
    }

    private static void TransformInPlace(KernelContext context, TensorView tensor, ReadOnlySpan<long> dims, bool isInverse, double scale)
    {
        for (var k = dims.Length - 1; k >= 0; k--)
        {
            var dim = Dims.Wrap(dims[k], tensor.Rank);
            var buffer = new Line(context, tensor.Sizes[dim]);
            foreach (var line in new Lines(tensor, tensor, dim))
            {
                for (var i = 0; i < line.Count; i++)
                {
                    var (real, imaginary) = Load(line.Source + (i * line.SourceStride), tensor.ScalarType);
                    buffer.Set(i, real, imaginary);
                }

                buffer.Transform(isInverse);
                for (var i = 0; i < line.Count; i++)
                {
                    Store(line.Target + (i * line.TargetStride), tensor.ScalarType, buffer.Real(i), buffer.Imaginary(i), k == 0 ? scale : 1);
                }
            }
        }
    }

    // 0 none, 1 by the root of the length, 2 by the length.
    private static double Scale(TensorView real, ReadOnlySpan<long> dims, long normalization)
    {
        var count = 1.0;
        foreach (var dim in dims)
        {
            count *= real.Sizes[Dims.Wrap(dim, real.Rank)];
        }

        return normalization switch
        {
            0 => 1,
            1 => 1 / Math.Sqrt(count),
            2 => 1 / count,
            _ => throw Dims.Invalid("the normalisation is unknown", "0, 1 or 2", normalization.ToString()),
        };
    }

    private static (double Real, double Imaginary) Load(byte* at, ScalarType type) => type switch
    {
        ScalarType.ComplexFloat => (((float*)at)[0], ((float*)at)[1]),
        ScalarType.ComplexDouble => (((double*)at)[0], ((double*)at)[1]),
        ScalarType.ComplexHalf => ((double)((Half*)at)[0], (double)((Half*)at)[1]),
        _ => throw Elements.NotSupported(type),
    };

    private static void Store(byte* at, ScalarType type, double real, double imaginary, double scale)
    {
        switch (type)
        {
            case ScalarType.ComplexFloat:
                (((float*)at)[0], ((float*)at)[1]) = ((float)(real * scale), (float)(imaginary * scale));
                break;
            case ScalarType.ComplexDouble:
                (((double*)at)[0], ((double*)at)[1]) = (real * scale, imaginary * scale);
                break;
            case ScalarType.ComplexHalf:
                (((Half*)at)[0], ((Half*)at)[1]) = ((Half)(real * scale), (Half)(imaginary * scale));
                break;
            default:
                throw Elements.NotSupported(type);
        }
    }

    /// <summary>One line of complex doubles, and room for its transform.</summary>
    private readonly ref struct Line
    {
        private readonly Span<double> _values;
        private readonly Span<double> _result;
        private readonly int _count;

        internal Line(KernelContext context, int count)
        {
            _count = count;
            _values = context.Allocate<double>(checked(count * 2));
            _result = context.Allocate<double>(count * 2);
        }

        internal double Real(int index) => _result[index * 2];

        internal double Imaginary(int index) => _result[(index * 2) + 1];

        internal void Set(int index, double real, double imaginary) => (_values[index * 2], _values[(index * 2) + 1]) = (real, imaginary);

        internal void Transform(bool isInverse)
        {
            var sign = isInverse ? 2 * Math.PI : -2 * Math.PI;
            if (int.IsPow2(_count))
            {
                Radix2(sign);
                return;
            }

            for (var k = 0; k < _count; k++)
            {
                var (real, imaginary) = (0.0, 0.0);
                for (var n = 0; n < _count; n++)
                {
                    var (sin, cos) = Math.SinCos(sign * ((long)k * n % _count) / _count);
                    real += (_values[n * 2] * cos) - (_values[(n * 2) + 1] * sin);
                    imaginary += (_values[n * 2] * sin) + (_values[(n * 2) + 1] * cos);
                }

                (_result[k * 2], _result[(k * 2) + 1]) = (real, imaginary);
            }
        }

        private void Radix2(double sign)
        {
            for (int i = 0, j = 0; i < _count; i++)
            {
                (_result[j * 2], _result[(j * 2) + 1]) = (_values[i * 2], _values[(i * 2) + 1]);
                var bit = _count >> 1;
                for (; bit > 0 && (j & bit) != 0; bit >>= 1)
                {
                    j ^= bit;
                }

                j |= bit;
            }

            for (var length = 2; length <= _count; length *= 2)
            {
                for (var start = 0; start < _count; start += length)
                {
                    for (var k = 0; k < length / 2; k++)
                    {
                        var (sin, cos) = Math.SinCos(sign * k / length);
                        var (even, odd) = ((start + k) * 2, (start + k + (length / 2)) * 2);
                        var real = (_result[odd] * cos) - (_result[odd + 1] * sin);
                        var imaginary = (_result[odd] * sin) + (_result[odd + 1] * cos);
                        (_result[odd], _result[odd + 1]) = (_result[even] - real, _result[even + 1] - imaginary);
                        (_result[even], _result[even + 1]) = (_result[even] + real, _result[even + 1] + imaginary);
                    }
                }
            }
        }
    }
}
