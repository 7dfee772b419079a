namespace Tandem.LibtorchOracle;

/// <summary>Draws the values and the free shapes of the cases; the same seed gives the same cases.</summary>
internal sealed class ValueSource(int seed)
{
    private static readonly float[] Special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -0f, 1e-30f, -1e30f, 0.5f, -1.5f, 2.5f];

    private readonly Random _random = new(seed);

    /// <summary>Shapes that a pointwise operator meets: a scalar, one element, none, a few, and one drawn.</summary>
    public IEnumerable<int[]> Shapes() => [[], [1], [0, 3], [2, 3, 4], Shape(_random.Next(1, 5), 1, 9)];

    /// <summary>Pairs of shapes that broadcast.</summary>
    public IEnumerable<(int[] Left, int[] Right)> Broadcasts()
    {
        yield return ([2, 3], [2, 3]);
        yield return ([2, 1, 4], [3, 1]);
        yield return ([], [3, 2]);
        yield return ([0, 3], [1, 3]);
        yield return ([1], [1, 1, 1]);
        var shape = Shape(4, 1, 6);
        yield return ([.. shape.Select(size => _random.Next(3) == 0 ? 1 : size)], shape[_random.Next(3)..]);
    }

    public int Next(int minimum, int maximum) => _random.Next(minimum, maximum);

    public int[] Shape(int rank, int minimum, int maximum) => [.. Enumerable.Range(0, rank).Select(_ => _random.Next(minimum, maximum))];

    /// <summary>Normally distributed numbers.</summary>
    public OracleValue Normal(params int[] sizes) => OracleValue.Of(Many(sizes, () => NextNormal() * 2), sizes);

    /// <summary>Numbers from a range.</summary>
    public OracleValue Uniform(float minimum, float maximum, params int[] sizes) =>
        OracleValue.Of(Many(sizes, () => minimum + ((maximum - minimum) * _random.NextSingle())), sizes);

    /// <summary>Numbers without equals, so that an order is unique.</summary>
    public OracleValue Distinct(params int[] sizes)
    {
        var elements = Enumerable.Range(0, Count(sizes)).Select(i => (i * 0.37f) - 3).ToArray();
        _random.Shuffle(elements);
        return OracleValue.Of(elements, sizes);
    }

    /// <summary>NaN, infinities, zeros of both signs, halves, and magnitudes near the ends, among normal numbers.</summary>
    public OracleValue Extreme(params int[] sizes) =>
        OracleValue.Of(Many(sizes, () => _random.Next(2) == 0 ? Special[_random.Next(Special.Length)] : NextNormal() * 4), sizes);

    /// <summary>Few integers as floats, so that comparisons find equals.</summary>
    public OracleValue Few(params int[] sizes) => OracleValue.Of(Many(sizes, () => (float)_random.Next(-2, 3)), sizes);

    public OracleValue Longs(int minimum, int maximum, params int[] sizes) => OracleValue.Of(Many(sizes, () => (long)_random.Next(minimum, maximum)), sizes);

    public OracleValue Bools(params int[] sizes) => OracleValue.Of(Many(sizes, () => _random.Next(2) == 0), sizes);

    /// <summary>Different indices in a drawn order.</summary>
    public OracleValue Permutation(int count, int taken)
    {
        var indices = Enumerable.Range(0, count).Select(i => (long)i).ToArray();
        _random.Shuffle(indices);
        return OracleValue.Of(indices[..taken], [taken]);
    }

    private static T[] Many<T>(int[] sizes, Func<T> next) => [.. Enumerable.Range(0, Count(sizes)).Select(_ => next())];

    private static int Count(int[] sizes) => sizes.Aggregate(1, (product, size) => product * size);

    private float NextNormal() => (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
}
