using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Llm;

public sealed class LlmKernelTests : IDisposable
{
    private const int Heads = 4;
    private const int Shared = 2;
    private const int Width = 5;
    private const int Capacity = 6;

    private readonly KernelTestHost _host = new();
    private readonly Random _random = new(7);

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 4)]
    [InlineData(5, 1)]
    public void CausalAttentionSeesTheCacheUpToItsOwnPosition(int start, int length)
    {
        var (query, keys, values) = (Noise(length * Heads * Width), Noise(Capacity * Shared * Width), Noise(Capacity * Shared * Width));
        var output = _host.Output(ScalarType.Float, [1, length, Heads, Width]);
        _host.Run("llama::custom_sdpa.out", Tensor(query, length, Heads), Tensor(keys, Capacity, Shared), Tensor(values, Capacity, Shared), start, null, 0.0, true, null, output);
        AssertClose(Reference(query, keys, values, length, 1 / Math.Sqrt(Width), (row, column) => column <= start + row ? 0 : double.NegativeInfinity), output);
    }

    [Fact]
    public void AMaskSaysOverHowManyKeysAttentionGoes()
    {
        var (query, keys, values, mask) = (Noise(2 * Heads * Width), Noise(Capacity * Shared * Width), Noise(Capacity * Shared * Width), Noise(2 * Capacity));
        (mask[1], mask[9]) = (float.NegativeInfinity, float.NegativeInfinity);
        var output = _host.Output(ScalarType.Float, [1, 2, Heads, Width]);
        _host.Run("llama::custom_sdpa.out", Tensor(query, 2, Heads), Tensor(keys, Capacity, Shared), Tensor(values, Capacity, Shared), 1, _host.Floats([2, Capacity], mask), 0.0, false, 0.3, output);
        AssertClose(Reference(query, keys, values, 2, 0.3, (row, column) => mask[(row * Capacity) + column]), output);
    }

    [Fact]
    [ProducesError(ErrorCode.OperatorArgumentInvalid)]
    public void AMaskOfACausalAttentionIsRefused()
    {
        var error = Assert.Throws<TandemException>(() => _host.Run(
            "llama::custom_sdpa.out", Tensor(Noise(Heads * Width), 1, Heads), Tensor(Noise(Capacity * Shared * Width), Capacity, Shared),
            Tensor(Noise(Capacity * Shared * Width), Capacity, Shared), 0, _host.Floats([1, 1], 0), 0.0, true, null, _host.Output(ScalarType.Float, [1, 1, Heads, Width])));
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, error.Code);
    }

    [Fact]
    public void AttentionWithCacheWritesTheCacheFirst()
    {
        var (query, key, value) = (Noise(2 * Heads * Width), Noise(2 * Shared * Width), Noise(2 * Shared * Width));
        var (keys, values) = (Noise(Capacity * Shared * Width), Noise(Capacity * Shared * Width));
        var (keyCache, valueCache) = (Tensor(keys, Capacity, Shared), Tensor(values, Capacity, Shared));
        var output = _host.Output(ScalarType.Float, [1, 2, Heads, Width]);
        _host.Run("llama::sdpa_with_kv_cache.out", Tensor(query, 2, Heads), Tensor(key, 2, Shared), Tensor(value, 2, Shared), keyCache, valueCache, 3, 2, null, 0.0, true, null, output);
        key.CopyTo(keys, 3 * Shared * Width);
        value.CopyTo(values, 3 * Shared * Width);
        Assert.Equal(keys, KernelTestHost.Values<float>(keyCache));
        Assert.Equal(values, KernelTestHost.Values<float>(valueCache));
        AssertClose(Reference(query, keys, values, 2, 1 / Math.Sqrt(Width), (row, column) => column <= 3 + row ? 0 : double.NegativeInfinity), output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void QuantisedAttentionIsThatOfTheRealValues(bool isSequenceThird)
    {
        var heads = isSequenceThird ? 1 : Heads;
        var shared = isSequenceThird ? 1 : Shared;
        var query = Quantized(2, heads, isSequenceThird);
        var key = Quantized(Capacity, shared, isSequenceThird);
        var value = Quantized(Capacity, shared, isSequenceThird);
        var output = _host.Output(ScalarType.Float, isSequenceThird ? [1, heads, 2, Width] : [1, 2, heads, Width]);
        _host.Run("llama::custom_quantized_sdpa.out", query.Tensor, key.Tensor, value.Tensor, 1, null, 0.0, true, null,
            query.ZeroPoints, query.Scales, key.ZeroPoints, key.Scales, value.ZeroPoints, value.Scales, isSequenceThird, output);
        AssertClose(Reference(query.Real, key.Real, value.Real, 2, 1 / Math.Sqrt(Width), (row, column) => column <= 1 + row ? 0 : double.NegativeInfinity, heads, shared), output);
    }

    [Fact]
    public void CacheRowsGoToTheirPositions()
    {
        var cache = _host.Floats([2, 3, 1, 1], 0, 0, 0, 0, 0, 0);
        var value = _host.Floats([2, 2, 1, 1], 1, 2, 3, 4);
        _host.Run("llama::update_cache.out", value, cache, 1, _host.Output(ScalarType.Float, [1]));
        Assert.Equal<float>([0, 1, 2, 0, 3, 4], KernelTestHost.Values<float>(cache));
        _host.Run("llama::update_cache_with_indices.out", value, cache, 0, _host.Longs([2, 2], 2, 0, 1, 1), _host.Output(ScalarType.Float, [1]));
        Assert.Equal<float>([2, 1, 1, 0, 4, 4], KernelTestHost.Values<float>(cache));
        var output = _host.Output(ScalarType.Float, [1]);
        foreach (var start in new[] { -1, 2, int.MaxValue })
        {
            Assert.Equal(ErrorCode.OperatorArgumentInvalid, Assert.Throws<TandemException>(() => _host.Run("llama::update_cache.out", value, cache, start, output)).Code);
        }

        Assert.Throws<TandemException>(() => _host.Run("llama::update_cache_with_indices.out", value, cache, 0, _host.Longs([2, 2], 0, 1, 3, 0), output));
    }

    [Fact]
    public void TheGatedDeltaRuleFollowsItsRecurrence()
    {
        const int Length = 3, Depth = 2, Wide = 4;
        var (query, key, value) = (Noise(Heads * Length * Depth), Noise(Shared * Length * Depth), Noise(Shared * Length * Wide));
        var (decay, beta, initial) = (Noise(Shared * Length * Depth), Noise(Shared * Length), Noise(Shared * Depth * Wide));
        var (output, final) = (_host.Output(ScalarType.Float, [1, Heads, Length, Wide]), _host.Output(ScalarType.Float, [1, Shared, Depth, Wide]));
        _host.Run("llama::gated_delta_rule.out", _host.Floats([1, Heads, Length, Depth], query), _host.Floats([1, Shared, Length, Depth], key), _host.Floats([1, Shared, Length, Wide], value),
            _host.Floats([1, Shared, Length, Depth], decay), _host.Floats([1, Shared, Length], beta), _host.Floats([1, Shared, Depth, Wide], initial), output, final, new[] { output, final });
        var (states, expected) = (initial.Select(item => (double)item).ToArray(), new double[Heads * Length * Wide]);
        for (var t = 0; t < Length; t++)
        {
            for (var w = 0; w < Shared * Wide; w++)
            {
                var (s, v) = (w / Wide, w % Wide);
                var said = 0.0;
                for (var k = 0; k < Depth; k++)
                {
                    var cell = (((s * Depth) + k) * Wide) + v;
                    states[cell] *= decay[(((s * Length) + t) * Depth) + k];
                    said += states[cell] * key[(((s * Length) + t) * Depth) + k];
                }

                for (var k = 0; k < Depth; k++)
                {
                    states[(((s * Depth) + k) * Wide) + v] += key[(((s * Length) + t) * Depth) + k] * (value[(((s * Length) + t) * Wide) + v] - said) * beta[(s * Length) + t];
                    for (var h = s * 2; h < (s + 1) * 2; h++)
                    {
                        expected[(((h * Length) + t) * Wide) + v] += states[(((s * Depth) + k) * Wide) + v] * query[(((h * Length) + t) * Depth) + k];
                    }
                }
            }
        }

        AssertClose(expected, output);
        AssertClose(states, final);
    }

    [Fact]
    public void TheHadamardTransformIsItsOwnInverse()
    {
        var output = _host.Output(ScalarType.Float, [2, 4]);
        _host.Run("llama::fast_hadamard_transform.out", _host.Floats([2, 4], 1, 2, 3, 4, 1, 0, 0, 0), output);
        Assert.Equal<float>([5, -1, -2, 0, 0.5f, 0.5f, 0.5f, 0.5f], KernelTestHost.Values<float>(output));
        var back = _host.Output(ScalarType.Float, [2, 4]);
        _host.Run("llama::fast_hadamard_transform.out", output, back);
        Assert.Equal<float>([1, 2, 3, 4, 1, 0, 0, 0], KernelTestHost.Values<float>(back));
        Assert.Throws<TandemException>(() => _host.Run("llama::fast_hadamard_transform.out", _host.Floats([3], 1, 2, 3), _host.Output(ScalarType.Float, [3])));
    }

    private static double[] Reference(
        float[] query, float[] keys, float[] values, int length, double scale, Func<int, int, double> mask, int heads = Heads, int shared = Shared)
    {
        var result = new double[length * heads * Width];
        for (var row = 0; row < length * heads; row++)
        {
            var (position, head) = (row / heads, row % heads / (heads / shared));
            var weights = Enumerable.Range(0, Capacity).Select(column => Math.Exp((scale * Enumerable.Range(0, Width)
                .Sum(i => (double)query[(row * Width) + i] * keys[(((column * shared) + head) * Width) + i])) + mask(position, column))).ToArray();
            for (var i = 0; i < Width; i++)
            {
                result[(row * Width) + i] = Enumerable.Range(0, Capacity).Sum(column => weights[column] * values[(((column * shared) + head) * Width) + i]) / weights.Sum();
            }
        }

        return result;
    }

    private static void AssertClose(double[] expected, TensorView actual) =>
        Assert.All(expected.Zip(KernelTestHost.Values<float>(actual)), pair => Assert.Equal(pair.First, pair.Second, 2e-5));

    private float[] Noise(int count) => Enumerable.Range(0, count).Select(_ => (float)((_random.NextDouble() * 2) - 1)).ToArray();

    private TensorView Tensor(float[] values, int length, int heads) => _host.Floats([1, length, heads, Width], values);

    private (TensorView Tensor, TensorView ZeroPoints, TensorView Scales, float[] Real) Quantized(int length, int heads, bool isSequenceThird)
    {
        var rows = length * heads;
        var values = Enumerable.Range(0, rows * Width).Select(_ => (sbyte)_random.Next(-128, 128)).ToArray();
        var zeroPoints = Enumerable.Range(0, rows).Select(_ => (sbyte)_random.Next(-20, 20)).ToArray();
        var scales = Enumerable.Range(0, rows).Select(_ => 0.005f + ((float)_random.NextDouble() * 0.01f)).ToArray();
        int[] sizes = isSequenceThird ? [1, heads, length, Width] : [1, length, heads, Width];
        int[] outer = [.. sizes[..3], 1];
        return (_host.Tensor<sbyte>(ScalarType.Char, sizes, values), _host.Tensor<sbyte>(ScalarType.Char, outer, zeroPoints), _host.Floats(outer, scales),
            values.Select((value, i) => (value - zeroPoints[i / Width]) * scales[i / Width]).ToArray());
    }
}
