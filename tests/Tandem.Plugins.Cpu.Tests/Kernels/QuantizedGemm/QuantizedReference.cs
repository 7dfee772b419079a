using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Random or extreme weights of one kind, as a file stores them, and a plain product with them in double precision.</summary>
internal sealed unsafe class QuantizedReference
{
    private readonly int _groupSize;
    private readonly bool _isInt4;

    /// <param name="kind">Kind of weights.</param>
    /// <param name="n">Columns.</param>
    /// <param name="k">Steps of K.</param>
    /// <param name="groupSize">Steps that share a scale, for kinds with groups.</param>
    /// <param name="seed">Seed of random weights.</param>
    /// <param name="extreme">A function of position that gives a weight, or null for random ones.</param>
    public QuantizedReference(QuantizedWeightKind kind, int n, int k, int groupSize, int seed, Func<int, int>? extreme = null)
    {
        var random = new Random(seed);
        _isInt4 = kind != QuantizedWeightKind.Int8Channel;
        HasGroups = kind is QuantizedWeightKind.Int4Block32 or QuantizedWeightKind.Int4Group;
        _groupSize = HasGroups ? groupSize : Math.Max(k, 1);
        (Kind, N, K) = (kind, n, k);
        Weights = new int[n * k];
        for (var i = 0; i < Weights.Length; i++)
        {
            Weights[i] = extreme is null ? (_isInt4 ? random.Next(-8, 8) : random.Next(-128, 128)) : extreme(i);
        }

        Scales = new float[n * (k / _groupSize + (k % _groupSize == 0 ? 0 : 1))];
        for (var i = 0; i < Scales.Length; i++)
        {
            Scales[i] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(0.01f + random.NextSingle()) & unchecked((int)0xFFFF0000));
        }

        Bias = new float[n];
        for (var i = 0; i < n; i++)
        {
            Bias[i] = (random.NextSingle() * 2) - 1;
        }
    }

    public QuantizedWeightKind Kind { get; }

    public bool HasGroups { get; }

    public int N { get; }

    public int K { get; }

    public int[] Weights { get; }

    public float[] Scales { get; }

    public float[] Bias { get; }

    /// <summary>The weights as a file stores them.</summary>
    public byte[] Bytes()
    {
        if (!_isInt4)
        {
            return [.. Weights.Select(weight => (byte)weight)];
        }

        var rowBytes = (K + 1) / 2;
        var bytes = new byte[N * rowBytes];
        for (var row = 0; row < N; row++)
        {
            for (var i = 0; i < K; i++)
            {
                bytes[(row * rowBytes) + (i / 2)] |= (byte)((Weights[(row * K) + i] + 8) << (i % 2 * 4));
            }

            if (K % 2 != 0)
            {
                // What stands behind the last step counts for nothing, whatever it is.
                bytes[(row * rowBytes) + (K / 2)] |= 0xF0;
            }
        }

        return bytes;
    }

    /// <summary>The weights as a file stores them as [K, N].</summary>
    public byte[] TransposedBytes()
    {
        var rowBytes = _isInt4 ? (N + 1) / 2 : N;
        var bytes = new byte[K * rowBytes];
        for (var i = 0; i < K; i++)
        {
            for (var column = 0; column < N; column++)
            {
                var weight = Weights[(column * K) + i];
                if (_isInt4)
                {
                    bytes[(i * rowBytes) + (column / 2)] |= (byte)((weight + 8) << (column % 2 * 4));
                }
                else
                {
                    bytes[(i * rowBytes) + column] = (byte)weight;
                }
            }
        }

        return bytes;
    }

    public ushort[] BFloat16Scales() => [.. Scales.Select(scale => (ushort)(BitConverter.SingleToInt32Bits(scale) >> 16))];

    public PackedQuantizedMatrix Pack(InstructionSet rung, bool hasBias = true, ComputePool? pool = null)
    {
        fixed (byte* weights = Bytes())
        fixed (float* scales = Scales, bias = Bias)
        fixed (ushort* groupScales = BFloat16Scales())
        {
            var packed = new PackedQuantizedMatrix(rung, Kind, N, K, _groupSize);
            packed.Attach(PackedBlock.Allocate(packed.ByteCount));
            if (HasGroups)
            {
                QuantizedPacking.FillGroups(pool, packed, weights, groupScales, hasBias ? bias : null);
            }
            else
            {
                QuantizedPacking.FillChannels(pool, packed, weights, scales, hasBias ? bias : null);
            }

            return packed;
        }
    }

    /// <summary>The product, and for each value the largest magnitude that was summed up on the way to it.</summary>
    public (double[] Values, double[] Magnitudes) Multiply(float* a, int m, int rowsPerScale, bool hasBias = true)
    {
        var groups = Scales.Length / Math.Max(N, 1);
        var values = new double[m * N];
        var magnitudes = new double[m * N];
        for (var row = 0; row < m; row++)
        {
            var q = RowQuantizer.Measure(InstructionSet.Scalar, a + (row / rowsPerScale * rowsPerScale * K), rowsPerScale * K);
            for (var column = 0; column < N; column++)
            {
                double sum = 0;
                double magnitude = 0;
                for (var i = 0; i < K; i++)
                {
                    var code = q.Scale == 0 ? 0
                        : (int)MathF.Round(Math.Clamp(a[(row * K) + i] * q.Scale, -128 - q.ZeroPoint, 127 - q.ZeroPoint)) + q.ZeroPoint;
                    var term = (double)Weights[(column * K) + i] * Scales[(column * groups) + (i / _groupSize)] * q.InverseScale;
                    sum += term * (code - q.ZeroPoint);
                    magnitude += Math.Abs(term) * 256;
                }

                values[(row * N) + column] = sum + (hasBias ? Bias[column] : 0);
                magnitudes[(row * N) + column] = magnitude + 1;
            }
        }

        return (values, magnitudes);
    }
}
