using System.Numerics.Tensors;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.MatMul;

/// <summary>input W^T + bias for float matrices. Few rows read each row of W once, as dot products; many rows meet W transposed, tile by tile.</summary>
internal sealed unsafe class FloatLinear : IParallelWork
{
    private const int ManyRows = 8;
    private const int Tile = 16;

    // Under this many multiplications a second thread costs more than it saves.
    private const long ParallelWorth = 1 << 17;

    private float* _input;
    private float* _weight;
    private float* _bias;
    private float* _output;
    private int _rows;
    private int _inner;
    private int _columns;

    /// <summary>Multiplies.</summary>
    /// <param name="context">Threads and scratch memory.</param>
    /// <param name="input">[rows, inner].</param>
    /// <param name="weight">[columns, inner].</param>
    /// <param name="bias">[columns], or null.</param>
    /// <param name="output">[rows, columns]; never overlaps the others.</param>
    /// <param name="rows">Rows of the input.</param>
    /// <param name="inner">Inner dimension.</param>
    /// <param name="columns">Rows of the weight.</param>
    internal void Run(KernelContext context, float* input, float* weight, float* bias, float* output, int rows, int inner, int columns)
    {
        _input = input;
        _weight = weight;
        _bias = bias;
        _output = output;
        (_rows, _inner, _columns) = (rows, inner, columns);
        if (rows >= ManyRows && inner > 0 && (long)inner * columns <= int.MaxValue / sizeof(float))
        {
            var transposed = context.Allocate<float>(inner * columns);
            fixed (float* target = transposed)
            {
                Transpose(weight, target, columns, inner);
                for (var row = 0; row < rows && bias != null; row++)
                {
                    new ReadOnlySpan<float>(bias, columns).CopyTo(new Span<float>(output + ((long)row * columns), columns));
                }

                context.Reuse<FloatGemm>().Run(context.Pool, input, target, output, rows, columns, inner, accumulates: bias != null);
            }
        }
        else if ((long)rows * inner * columns < ParallelWorth)
        {
            Execute(0, columns, 0);
        }
        else
        {
            context.Pool.Run(columns, Tile, this);
        }
    }

    public void Execute(int start, int end, int worker)
    {
        for (var column = start; column < end; column++)
        {
            var weight = new ReadOnlySpan<float>(_weight + ((long)column * _inner), _inner);
            for (var row = 0; row < _rows; row++)
            {
                _output[((long)row * _columns) + column] = TensorPrimitives.Dot(new ReadOnlySpan<float>(_input + ((long)row * _inner), _inner), weight) + (_bias == null ? 0 : _bias[column]);
            }
        }
    }

    private static void Transpose(float* source, float* target, int rows, int columns)
    {
        for (var top = 0; top < rows; top += Tile)
        {
            var bottom = Math.Min(top + Tile, rows);
            for (var column = 0; column < columns; column++)
            {
                for (var row = top; row < bottom; row++)
                {
                    target[((long)column * rows) + row] = source[((long)row * columns) + column];
                }
            }
        }
    }
}
