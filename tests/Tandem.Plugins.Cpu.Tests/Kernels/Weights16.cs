using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Weights of 16 bits, and the floats that they stand for.</summary>
internal sealed unsafe class Weights16 : IDisposable
{
    private readonly ushort* _memory;

    /// <param name="format">Half precision or bfloat16.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Values around zero, subnormal ones among them; null: every pattern of bits in turn, infinities and NaN among them.</param>
    public Weights16(WeightFormat format, int count, int? seed)
    {
        var random = new Random(seed ?? 0);
        _memory = (ushort*)NativeMemory.Alloc((nuint)count * sizeof(ushort));
        Floats = new NativeFloats(count);
        for (var i = 0; i < count; i++)
        {
            var value = ((random.NextSingle() * 2) - 1) * (i % 7 == 0 ? 1e-5f : 1);
            _memory[i] = seed is null ? (ushort)i
                : format == WeightFormat.Float16 ? BitConverter.HalfToUInt16Bits((Half)value)
                : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
            Floats.Span[i] = format == WeightFormat.Float16
                ? (float)BitConverter.UInt16BitsToHalf(_memory[i])
                : BitConverter.UInt32BitsToSingle((uint)_memory[i] << 16);
        }
    }

    public void* Pointer => _memory;

    public NativeFloats Floats { get; }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        Floats.Dispose();
    }
}
