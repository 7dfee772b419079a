using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class PlanesToPixelsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(2047)]
    [InlineData(5000)]
    public void Strided_copies_of_three_planes_give_pixels(int count)
    {
        long[] sizes = [count, 3], sourceStrides = [1, count], destinationStrides = [3, 1];
        var codes = new byte[3 * count];
        new Random(1).NextBytes(codes);
        using var floats = NativeFloats.Random(3 * count, 2);
        using var pixels = new NativeFloats(3 * count);
        var bytes = new byte[3 * count];
        var copy = default(StridedCopy);
        copy.Prepare(2, sizes, sourceStrides, destinationStrides, isVectorised: true);
        var byteCopy = default(StridedByteCopy);
        byteCopy.Prepare(2, sizes, sourceStrides, destinationStrides);
        fixed (byte* source = codes, destination = bytes)
        {
            // In two parts, as two threads take them.
            foreach (var (start, end) in ((int, int)[])[(copy.ItemCount / 2, copy.ItemCount), (0, copy.ItemCount / 2)])
            {
                copy.Run(floats.Pointer, pixels.Pointer, start, end);
            }

            foreach (var (start, end) in ((int, int)[])[(byteCopy.ItemCount / 2, byteCopy.ItemCount), (0, byteCopy.ItemCount / 2)])
            {
                byteCopy.Run(source, destination, start, end);
            }
        }

        for (var i = 0; i < 3 * count; i++)
        {
            Assert.Equal(floats.Span[(i % 3 * count) + (i / 3)], pixels.Span[i]);
            Assert.Equal(codes[(i % 3 * count) + (i / 3)], bytes[i]);
        }
    }
}
