namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The float operations of a rung. A kernel is written once over them and compiled once for each rung that runs.</summary>
/// <typeparam name="TVec">The rung's vector: float, Vector128, Vector256 or Vector512 of float.</typeparam>
/// <remarks>Masks are vectors of all-ones or all-zeros lanes. Members named ...Bits read the lanes as 32 bit integers.</remarks>
internal unsafe interface IIsa<TVec>
    where TVec : unmanaged
{
    static abstract int Lanes { get; }

    static abstract TVec Set(float value);

    static abstract TVec SetBits(int value);

    static abstract TVec Load(float* source);

    static abstract void Store(TVec value, float* destination);

    static abstract TVec Add(TVec a, TVec b);

    static abstract TVec Subtract(TVec a, TVec b);

    static abstract TVec Multiply(TVec a, TVec b);

    static abstract TVec Divide(TVec a, TVec b);

    /// <summary>a * b + c, fused where the rung has it.</summary>
    static abstract TVec MultiplyAdd(TVec a, TVec b, TVec c);

    /// <summary>The lesser; if a lane of <paramref name="b"/> is NaN, NaN. A constant goes first.</summary>
    static abstract TVec MinKeep(TVec a, TVec b);

    /// <summary>The greater; if a lane of <paramref name="b"/> is NaN, NaN. A constant goes first.</summary>
    static abstract TVec MaxKeep(TVec a, TVec b);

    /// <summary>The lesser; NaN if either is.</summary>
    static abstract TVec Minimum(TVec a, TVec b);

    /// <summary>The greater; NaN if either is.</summary>
    static abstract TVec Maximum(TVec a, TVec b);

    static abstract TVec Sqrt(TVec a);

    /// <summary>To the nearest integer, half to even.</summary>
    static abstract TVec Round(TVec a);

    static abstract TVec Floor(TVec a);

    static abstract TVec Ceiling(TVec a);

    static abstract TVec LessThan(TVec a, TVec b);

    static abstract TVec Select(TVec mask, TVec whenTrue, TVec whenFalse);

    static abstract bool Any(TVec mask);

    static abstract TVec And(TVec a, TVec b);

    static abstract TVec Or(TVec a, TVec b);

    static abstract TVec Xor(TVec a, TVec b);

    static abstract TVec AddBits(TVec a, TVec b);

    static abstract TVec SubtractBits(TVec a, TVec b);

    static abstract TVec ShiftLeftBits(TVec a, int count);

    static abstract TVec ShiftRightBits(TVec a, int count);

    /// <summary>An integral float to the bits of a 32 bit integer.</summary>
    static abstract TVec ToBits(TVec a);

    /// <summary>The bits of a 32 bit integer to a float.</summary>
    static abstract TVec FromBits(TVec a);

    static abstract float Sum(TVec a);

    /// <summary>The greatest lane; NaN if one is.</summary>
    static abstract float GreatestLane(TVec a);
}
