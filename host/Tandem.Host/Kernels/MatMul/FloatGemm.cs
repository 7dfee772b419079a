using System.Numerics;
using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.MatMul;

/// <summary>C = A B (+ C) for row-major float matrices: register tiles of four rows, columns shared over the compute threads.</summary>
internal sealed unsafe class FloatGemm : IParallelWork
{
    // Under this many multiplications a second thread costs more than it saves.
    private const long ParallelWorth = 1 << 17;

    private float* _a;
    private float* _b;
    private float* _c;
    private int _m;
    private int _n;
    private int _k;
    private bool _accumulates;

    /// <summary>Multiplies.</summary>
    /// <param name="pool">The compute threads.</param>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n].</param>
    /// <param name="c">[m, n]; never overlaps the others.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="k">Inner dimension.</param>
    /// <param name="accumulates">Whether C is added to.</param>
    internal void Run(ComputePool pool, float* a, float* b, float* c, int m, int n, int k, bool accumulates)
    {
        _a = a;
        _b = b;
        _c = c;
        (_m, _n, _k, _accumulates) = (m, n, k, accumulates);
        var strips = (n + StripWidth - 1) / StripWidth;
        if ((long)m * n * k < ParallelWorth || strips < 2)
        {
            Execute(0, strips, 0);
        }
        else
        {
            pool.Run(strips, 1, this);
        }
    }

    private static int StripWidth => Vector<float>.Count * 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int start, int end, int worker)
    {
        for (var strip = start; strip < end; strip++)
        {
            var column = strip * StripWidth;
            var width = Math.Min(StripWidth, _n - column);
            if (width < StripWidth)
            {
                Narrow(column, width);
                continue;
            }

            var row = 0;
            for (; row + 4 <= _m; row += 4)
            {
                FourRows(row, column);
            }

            for (; row < _m; row++)
            {
                OneRow(row, column);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FourRows(int row, int column)
    {
        var lanes = Vector<float>.Count;
        var (n, k) = (_n, _k);
        var a0 = _a + ((long)row * k);
        var a1 = a0 + k;
        var a2 = a1 + k;
        var a3 = a2 + k;
        var b = _b + column;
        var c = _c + ((long)row * n) + column;
        Vector<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        if (_accumulates)
        {
            (c00, c01) = (Vector.Load(c), Vector.Load(c + lanes));
            (c10, c11) = (Vector.Load(c + n), Vector.Load(c + n + lanes));
            (c20, c21) = (Vector.Load(c + (2L * n)), Vector.Load(c + (2L * n) + lanes));
            (c30, c31) = (Vector.Load(c + (3L * n)), Vector.Load(c + (3L * n) + lanes));
        }

        for (var i = 0; i < k; i++, b += n)
        {
            var b0 = Vector.Load(b);
            var b1 = Vector.Load(b + lanes);
            var x = new Vector<float>(a0[i]);
            c00 = Vector.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector.FusedMultiplyAdd(x, b1, c01);
            x = new Vector<float>(a1[i]);
            c10 = Vector.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector.FusedMultiplyAdd(x, b1, c11);
            x = new Vector<float>(a2[i]);
            c20 = Vector.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector.FusedMultiplyAdd(x, b1, c21);
            x = new Vector<float>(a3[i]);
            c30 = Vector.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector.FusedMultiplyAdd(x, b1, c31);
        }

        Vector.Store(c00, c);
        Vector.Store(c01, c + lanes);
        Vector.Store(c10, c + n);
        Vector.Store(c11, c + n + lanes);
        Vector.Store(c20, c + (2L * n));
        Vector.Store(c21, c + (2L * n) + lanes);
        Vector.Store(c30, c + (3L * n));
        Vector.Store(c31, c + (3L * n) + lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OneRow(int row, int column)
    {
        var lanes = Vector<float>.Count;
        var (n, k) = (_n, _k);
        var a = _a + ((long)row * k);
        var b = _b + column;
        var c = _c + ((long)row * n) + column;
        Vector<float> even0 = default, even1 = default, odd0 = default, odd1 = default;
        if (_accumulates)
        {
            (even0, even1) = (Vector.Load(c), Vector.Load(c + lanes));
        }

        // Two chains of sums hide the latency of the multiply-add.
        var i = 0;
        for (; i + 2 <= k; i += 2, b += 2L * n)
        {
            var x = new Vector<float>(a[i]);
            even0 = Vector.FusedMultiplyAdd(x, Vector.Load(b), even0);
            even1 = Vector.FusedMultiplyAdd(x, Vector.Load(b + lanes), even1);
            x = new Vector<float>(a[i + 1]);
            odd0 = Vector.FusedMultiplyAdd(x, Vector.Load(b + n), odd0);
            odd1 = Vector.FusedMultiplyAdd(x, Vector.Load(b + n + lanes), odd1);
        }

        if (i < k)
        {
            var x = new Vector<float>(a[i]);
            even0 = Vector.FusedMultiplyAdd(x, Vector.Load(b), even0);
            even1 = Vector.FusedMultiplyAdd(x, Vector.Load(b + lanes), even1);
        }

        Vector.Store(even0 + odd0, c);
        Vector.Store(even1 + odd1, c + lanes);
    }

    private void Narrow(int column, int width)
    {
        for (var row = 0; row < _m; row++)
        {
            var a = _a + ((long)row * _k);
            for (var j = column; j < column + width; j++)
            {
                var sum = _accumulates ? _c[((long)row * _n) + j] : 0;
                for (var i = 0; i < _k; i++)
                {
                    sum = MathF.FusedMultiplyAdd(a[i], _b[((long)i * _n) + j], sum);
                }

                _c[((long)row * _n) + j] = sum;
            }
        }
    }
}
