using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Constants;

/// <summary>A constant that is stored as codes in blocks, each block with a scale and a zero point: number = (code - zero point) * scale.</summary>
/// <remarks>One block over all is quantisation per tensor, a block for each index of one dimension per channel, a part of a row per group.</remarks>
internal sealed class QuantisedWeight
{
    private readonly int[] _block;
    private readonly ConstantTensor _scales;
    private readonly ConstantTensor? _zeroPoints;
    private float[]? _scaleValues;
    private long[]? _zeroPointValues;

    /// <summary>Codes with their parameters.</summary>
    /// <param name="codes">The codes, int8.</param>
    /// <param name="block">How many elements of each dimension share parameters; divides the size.</param>
    /// <param name="scales">Scales, as many in each dimension as there are blocks.</param>
    /// <param name="zeroPoints">Zero points of the same sizes; null if all are 0.</param>
    /// <param name="minimum">Least code.</param>
    /// <param name="maximum">Greatest code.</param>
    public QuantisedWeight(ConstantTensor codes, int[] block, ConstantTensor scales, ConstantTensor? zeroPoints, long minimum, long maximum)
    {
        (Codes, _block, _scales, _zeroPoints, Minimum, Maximum) = (codes, block, scales, zeroPoints, minimum, maximum);
    }

    public ConstantTensor Codes { get; }

    public long Minimum { get; }

    public long Maximum { get; }

    /// <summary>Whether the program declares codes of four bits.</summary>
    public bool HasFourBits => Minimum >= -8 && Maximum <= 7;

    /// <summary>The scale and zero point of the whole; null if they differ from block to block, or are none that a payload can hold.</summary>
    public PayloadQuantization.PerTensor? PerTensor => IsWhole && ZeroPoints()[0] is >= sbyte.MinValue and <= sbyte.MaxValue and var zeroPoint && IsScale(Scales()[0])
        ? new PayloadQuantization.PerTensor(Scales()[0], (int)zeroPoint) : null;

    /// <summary>Whether all elements share their parameters because the program says so.</summary>
    public bool IsWhole { get; private init; }

    /// <summary>Whether every zero point is 0, as payloads want it of weights.</summary>
    public bool IsSymmetric => Array.TrueForAll(ZeroPoints(), static zero => zero == 0);

    /// <summary>Whether a payload can hold every scale: positive and not subnormal.</summary>
    public bool HasScales => Array.TrueForAll(Scales(), IsScale);

    /// <summary>Codes that all share a scale and a zero point.</summary>
    public static QuantisedWeight Whole(ConstantTensor codes, PayloadQuantization.PerTensor parameters, long minimum = sbyte.MinValue, long maximum = sbyte.MaxValue)
    {
        int[] ones = [.. Enumerable.Repeat(1, codes.Rank)];
        var zeroPoint = ConstantTensor.Of(ScalarType.Long, MemoryMarshal.AsBytes<long>([parameters.ZeroPoint]).ToArray(), ones);
        return new QuantisedWeight(codes, codes.Sizes, ConstantTensor.Fill(parameters.Scale, ScalarType.Float, ones), zeroPoint, minimum, maximum) { IsWhole = true };
    }

    /// <summary>Whether a scale can stand in a payload.</summary>
    public static bool IsScale(float scale) => scale > 0 && float.IsNormal(scale);

    /// <summary>The scales of each index of a dimension, if elements share parameters within it; one for all is repeated.</summary>
    /// <param name="dimension">The dimension.</param>
    /// <returns>The scales, or null if they differ within an index.</returns>
    public float[]? ScalesOf(int dimension)
    {
        for (var i = 0; i < _block.Length; i++)
        {
            if (i != dimension && _block[i] != Codes.Sizes[i])
            {
                return null;
            }
        }

        var scales = Scales();
        var size = Codes.Sizes[dimension];
        return _block[dimension] == 1 ? scales : _block[dimension] == size ? [.. Enumerable.Repeat(scales[0], size)] : null;
    }

    /// <summary>Elements of a row that share parameters, if rows are cut into groups; 0 if they are not.</summary>
    public int GroupSize => Codes.Rank == 2 && _block[0] == 1 ? _block[1] : 0;

    /// <summary>All scales in order.</summary>
    public float[] Scales() => _scaleValues ??= _scales.ReadFloats();

    /// <summary>The dimensions in another order.</summary>
    public QuantisedWeight Permute(int[] order) => new(
        Codes.Permute(order), Array.ConvertAll(order, i => _block[i]), _scales.Permute(order), _zeroPoints?.Permute(order), Minimum, Maximum)
    {
        IsWhole = IsWhole,
    };

    /// <summary>The same elements under sizes that differ in dimensions of size 1 alone.</summary>
    /// <returns>The weight; null if the sizes are others.</returns>
    public QuantisedWeight? Reshape(int[] sizes)
    {
        if (IsWhole && PerTensor is { } parameters)
        {
            return Whole(Codes.Reshape(sizes), parameters, Minimum, Maximum);
        }

        if (!Codes.Sizes.Where(size => size != 1).SequenceEqual(sizes.Where(size => size != 1)))
        {
            return null;
        }

        var blocks = new Queue<int>(_block.Where((_, i) => Codes.Sizes[i] != 1));
        int[] block = [.. sizes.Select(size => size == 1 ? 1 : blocks.Dequeue())];
        int[] counts = [.. sizes.Select((size, i) => size / block[i])];
        return new QuantisedWeight(Codes.Reshape(sizes), block, _scales.Reshape(counts), _zeroPoints?.Reshape(counts), Minimum, Maximum);
    }

    /// <summary>The numbers, computed when they are needed.</summary>
    /// <param name="type">Their type.</param>
    public ConstantTensor Dequantise(ScalarType type) => ConstantTensor.Compute(Codes.Origin, type, Codes.Sizes, () =>
    {
        var codes = Codes.ReadIntegers();
        return Map(codes.Length, (i, scale, zeroPoint) => (codes[i] - zeroPoint) * scale);
    });

    /// <summary>The codes of numbers that stand in their place, computed when they are needed.</summary>
    public ConstantTensor Quantise() => ConstantTensor.ComputeBytes(Codes.Origin, ScalarType.Char, Codes.Sizes, () =>
    {
        var numbers = Codes.ReadFloats();
        return Map(numbers.Length, (i, scale, zeroPoint) =>
            unchecked((byte)(sbyte)Math.Clamp(MathF.Round(numbers[i] * (1 / scale), MidpointRounding.ToEven) + zeroPoint, Minimum, Maximum)));
    });

    private T[] Map<T>(int count, Func<int, float, long, T> compute)
    {
        var (scales, zeroPoints) = (Scales(), ZeroPoints());
        var values = new T[count];
        var index = new int[_block.Length];
        for (var at = 0; at < values.Length; at++)
        {
            long parameter = 0;
            for (var i = 0; i < index.Length; i++)
            {
                parameter = (parameter * (Codes.Sizes[i] / _block[i])) + (index[i] / _block[i]);
            }

            values[at] = compute(at, scales[parameter], zeroPoints[zeroPoints.Length == 1 ? 0 : parameter]);
            for (var i = index.Length - 1; i >= 0 && ++index[i] == Codes.Sizes[i]; i--)
            {
                index[i] = 0;
            }
        }

        return values;
    }

    private long[] ZeroPoints() => _zeroPointValues ??= _zeroPoints?.ReadIntegers() ?? [0];
}
