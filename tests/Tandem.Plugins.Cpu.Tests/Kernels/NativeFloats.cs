using System.Runtime.InteropServices;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>
/// Native floats between guard words: a write beyond the end is found when it is disposed, and a read beyond it yields NaN.
/// </summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    private const int Guard = 64;
    private const uint Mark = 0x7FC0BEEF;
    private readonly uint* _memory;

    public NativeFloats(int count)
    {
        Count = count;
        _memory = (uint*)NativeMemory.AlignedAlloc((nuint)(count + (2 * Guard)) * 4, 64);
        new Span<uint>(_memory, count + (2 * Guard)).Fill(Mark);
    }

    public int Count { get; }

    public float* Pointer => (float*)(_memory + Guard);

    public byte* Bytes => (byte*)Pointer;

    public Span<float> Span => new(Pointer, Count);

    /// <summary>Values in [-1, 1) from a seed.</summary>
    public static NativeFloats Random(int count, int seed)
    {
        var random = new Random(seed);
        var floats = new NativeFloats(count);
        foreach (ref var value in floats.Span)
        {
            value = (random.NextSingle() * 2) - 1;
        }

        return floats;
    }

    /// <summary>A copy of values.</summary>
    public static NativeFloats Of(ReadOnlySpan<float> values)
    {
        var floats = new NativeFloats(values.Length);
        values.CopyTo(floats.Span);
        return floats;
    }

    public void Dispose()
    {
        var before = new ReadOnlySpan<uint>(_memory, Guard).IndexOfAnyExcept(Mark);
        var after = new ReadOnlySpan<uint>(_memory + Guard + Count, Guard).IndexOfAnyExcept(Mark);
        NativeMemory.AlignedFree(_memory);
        Assert.True(before < 0 && after < 0, $"a kernel wrote outside its buffer: {before} {after}");
    }
}
