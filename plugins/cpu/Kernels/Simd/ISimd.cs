using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// The float vector operations that kernels are written in. Kernels are generic over an implementing struct, so that the JIT compiles each
/// kernel anew for every rung and nothing is dispatched at run time.
/// </summary>
/// <typeparam name="V">A register of floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : unmanaged
{
    /// <summary>Lanes of a register.</summary>
    static abstract int Width { get; }

    /// <summary>Vector registers of the machine: bounds the tile that a kernel keeps in them.</summary>
    static abstract int RegisterCount { get; }

    static abstract V Zero { get; }

    static abstract V Load(float* source);

    static abstract void Store(float* destination, V value);

    /// <summary>Loads half precision numbers and widens them exactly: subnormals, infinities and NaN included.</summary>
    static abstract V LoadFloat16(ushort* source);

    /// <summary>As <see cref="LoadFloat16"/>, for numbers that are finite.</summary>
    static abstract V LoadFiniteFloat16(ushort* source);

    /// <summary>Loads bfloat16 numbers, the upper halves of floats.</summary>
    static abstract V LoadBFloat16(ushort* source);

    /// <summary>Loads the first <paramref name="count"/> lanes, 1 to <see cref="Width"/>, and reads no byte beyond; other lanes are 0.</summary>
    static abstract V LoadPartial(float* source, nint count);

    /// <summary>Stores the first <paramref name="count"/> lanes, 1 to <see cref="Width"/>, and writes no byte beyond.</summary>
    static abstract void StorePartial(float* destination, V value, nint count);

    static abstract V Broadcast(float value);

    static abstract V Add(V left, V right);

    static abstract V Subtract(V left, V right);

    static abstract V Multiply(V left, V right);

    /// <summary>left * right + addend.</summary>
    static abstract V MultiplyAdd(V left, V right, V addend);

    /// <summary>Limits to [low, high]; a NaN in <paramref name="value"/> stays NaN.</summary>
    static abstract V Clamp(V value, V low, V high);

    /// <summary>Sum of all lanes.</summary>
    static abstract float Sum(V value);

    /// <summary>The sums of all lanes of four registers.</summary>
    static abstract Vector128<float> Sum(V first, V second, V third, V fourth);

    /// <summary>Asks for a cache line that is read soon.</summary>
    static abstract void Prefetch(float* address);
}
