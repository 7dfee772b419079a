using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Three planes, such as colours, become pixels of three elements.</summary>
internal static unsafe class PlanesToPixels
{
    /// <summary>Floats.</summary>
    /// <param name="x">First elements of pixels.</param>
    /// <param name="y">Second ones.</param>
    /// <param name="z">Third ones.</param>
    /// <param name="destination">Receives 3 * count elements.</param>
    /// <param name="count">Pixels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, float* y, float* z, float* destination, nint count)
    {
        nint i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            var isFirst = Vector128.Create(-1, 0, 0, -1).AsSingle();
            var isSecond = Vector128.Create(0, -1, 0, 0).AsSingle();
            for (; i <= count - 4; i += 4)
            {
                // x0 y0 z0 x1, y1 z1 x2 y2, z2 x3 y3 z3.
                var a = Vector128.Shuffle(Vector128.Load(x + i), Vector128.Create(0, 2, 3, 1));
                var b = Vector128.Shuffle(Vector128.Load(y + i), Vector128.Create(1, 0, 3, 2));
                var c = Vector128.Shuffle(Vector128.Load(z + i), Vector128.Create(2, 1, 0, 3));
                Vector128.ConditionalSelect(isFirst, a, Vector128.ConditionalSelect(isSecond, b, c)).Store(destination);
                Vector128.ConditionalSelect(isFirst, b, Vector128.ConditionalSelect(isSecond, c, Vector128.Shuffle(a, Vector128.Create(0, 0, 1, 0)))).Store(destination + 4);
                Vector128.ConditionalSelect(isFirst, c, Vector128.ConditionalSelect(isSecond, Vector128.Shuffle(a, Vector128.Create(0, 2, 0, 0)), b)).Store(destination + 8);
                destination += 12;
            }
        }

        for (; i < count; i++)
        {
            destination[0] = x[i];
            destination[1] = y[i];
            destination[2] = z[i];
            destination += 3;
        }
    }

    /// <summary>Bytes; the same parameters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(byte* x, byte* y, byte* z, byte* destination, nint count)
    {
        nint i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // Where an index is 255, there is a zero.
            var x0 = Vector128.Create((byte)0, 255, 255, 1, 255, 255, 2, 255, 255, 3, 255, 255, 4, 255, 255, 5);
            var y0 = Vector128.Create((byte)255, 0, 255, 255, 1, 255, 255, 2, 255, 255, 3, 255, 255, 4, 255, 255);
            var z0 = Vector128.Create((byte)255, 255, 0, 255, 255, 1, 255, 255, 2, 255, 255, 3, 255, 255, 4, 255);
            var x1 = Vector128.Create((byte)255, 255, 6, 255, 255, 7, 255, 255, 8, 255, 255, 9, 255, 255, 10, 255);
            var y1 = Vector128.Create((byte)5, 255, 255, 6, 255, 255, 7, 255, 255, 8, 255, 255, 9, 255, 255, 10);
            var z1 = Vector128.Create((byte)255, 5, 255, 255, 6, 255, 255, 7, 255, 255, 8, 255, 255, 9, 255, 255);
            var x2 = Vector128.Create((byte)255, 11, 255, 255, 12, 255, 255, 13, 255, 255, 14, 255, 255, 15, 255, 255);
            var y2 = Vector128.Create((byte)255, 255, 11, 255, 255, 12, 255, 255, 13, 255, 255, 14, 255, 255, 15, 255);
            var z2 = Vector128.Create((byte)10, 255, 255, 11, 255, 255, 12, 255, 255, 13, 255, 255, 14, 255, 255, 15);
            for (; i <= count - 16; i += 16)
            {
                var (a, b, c) = (Vector128.Load(x + i), Vector128.Load(y + i), Vector128.Load(z + i));
                (Vector128.Shuffle(a, x0) | Vector128.Shuffle(b, y0) | Vector128.Shuffle(c, z0)).Store(destination);
                (Vector128.Shuffle(a, x1) | Vector128.Shuffle(b, y1) | Vector128.Shuffle(c, z1)).Store(destination + 16);
                (Vector128.Shuffle(a, x2) | Vector128.Shuffle(b, y2) | Vector128.Shuffle(c, z2)).Store(destination + 32);
                destination += 48;
            }
        }

        for (; i < count; i++)
        {
            destination[0] = x[i];
            destination[1] = y[i];
            destination[2] = z[i];
            destination += 3;
        }
    }
}
