namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// The integer operations of products of 8-bit activations with 4-bit and 8-bit weights. A register is a row of 32-bit lanes, one for each column; the
/// four bytes of a lane are four steps of K. Kernels are generic over an implementing struct, compiled anew for every rung.
/// </summary>
/// <typeparam name="V">A register of integers.</typeparam>
/// <typeparam name="F">A register of as many floats.</typeparam>
internal unsafe interface IByteSimd<V, F>
    where V : unmanaged
    where F : unmanaged
{
    /// <summary>32-bit lanes of a register.</summary>
    static abstract int Width { get; }

    /// <summary>
    /// How a block of 32 products is summed up in a lane: true, as two 16-bit sums of 16 products each, which 4-bit weights cannot overflow; false, as one
    /// 32-bit sum.
    /// </summary>
    static abstract bool SumsPairs { get; }

    /// <summary>Whether <see cref="MultiplyAddBytes"/> is there; otherwise 8-bit products go through 16-bit ones.</summary>
    static abstract bool HasByteDot { get; }

    /// <summary>What packed 8-bit weights have added to them: 128 where the instruction wants them unsigned, or 0.</summary>
    static abstract int ByteOffset { get; }

    static abstract V Zero { get; }

    /// <summary>Loads a register.</summary>
    static abstract V Load(byte* source);

    /// <summary>Four bytes into every lane.</summary>
    static abstract V Broadcast(byte* source);

    static abstract V Set(int value);

    /// <summary>The low four bits of every byte.</summary>
    static abstract V LowNibbles(V value);

    /// <summary>The high four bits of every byte.</summary>
    static abstract V HighNibbles(V value);

    /// <summary>Adds the four products of every lane to a block's sum.</summary>
    /// <param name="sum">The block's sum so far, in the form of <see cref="SumsPairs"/>.</param>
    /// <param name="weights">Bytes 0 to 15.</param>
    /// <param name="activations">Signed bytes.</param>
    static abstract V MultiplyAddNibbles(V sum, V weights, V activations);

    /// <summary>A block's sum as one 32-bit integer a lane.</summary>
    static abstract V Fold(V sum);

    /// <summary>sum + the four products of every lane, exactly.</summary>
    /// <param name="sum">32-bit sums.</param>
    /// <param name="weights">Signed bytes, or unsigned ones with <see cref="ByteOffset"/>.</param>
    /// <param name="activations">Signed bytes.</param>
    static abstract V MultiplyAddBytes(V sum, V weights, V activations);

    /// <summary>Bytes 0 and 2 of every lane as two signed 16-bit integers.</summary>
    static abstract V EvenBytes(V value);

    /// <summary>Bytes 1 and 3 of every lane as two signed 16-bit integers.</summary>
    static abstract V OddBytes(V value);

    /// <summary>sum + the two products of 16-bit integers of every lane.</summary>
    static abstract V MultiplyAddPairs(V sum, V left, V right);

    static abstract V Add(V left, V right);

    /// <summary>Every signed byte plus 128, as an unsigned one.</summary>
    static abstract V AddSigns(V value);

    static abstract void Store(int* destination, V value);

    static abstract V Multiply(V left, V right);

    static abstract F ToFloat(V value);

    /// <summary>As many bfloat16 as there are lanes.</summary>
    static abstract F LoadBFloat16(byte* source);

    /// <summary>Asks for a cache line that is read soon.</summary>
    static abstract void Prefetch(byte* address);
}
