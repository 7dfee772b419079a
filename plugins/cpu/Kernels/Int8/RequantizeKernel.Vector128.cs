using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class RequantizeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run128(int* sums, nint sumStride, int rows, int columns, int* bias, float* scales, in Requantization p, sbyte* output, nint stride)
    {
        var low = Vector128.Create((float)(p.Minimum - p.ZeroPoint));
        var high = Vector128.Create((float)(p.Maximum - p.ZeroPoint));
        var zero = Vector128.Create(p.ZeroPoint);
        for (nint column = 0; column < columns; column += 16)
        {
            var b = bias + column;
            var s = scales + column;
            var (b0, b1, b2, b3) = (Vector128.Load(b), Vector128.Load(b + 4), Vector128.Load(b + 8), Vector128.Load(b + 12));
            var (s0, s1, s2, s3) = (Vector128.Load(s), Vector128.Load(s + 4), Vector128.Load(s + 8), Vector128.Load(s + 12));
            var source = sums + column;
            var destination = output + column;
            var rest = columns - (int)column;
            for (var row = rows; row > 0; row--, source += sumStride, destination += stride)
            {
                var x0 = Vector128.ConvertToSingle(Vector128.Load(source) + b0) * s0;
                var x1 = Vector128.ConvertToSingle(Vector128.Load(source + 4) + b1) * s1;
                var x2 = Vector128.ConvertToSingle(Vector128.Load(source + 8) + b2) * s2;
                var x3 = Vector128.ConvertToSingle(Vector128.Load(source + 12) + b3) * s3;
                var i0 = Codes128.Round(Codes128.Limit(x0, low, high)) + zero;
                var i1 = Codes128.Round(Codes128.Limit(x1, low, high)) + zero;
                var i2 = Codes128.Round(Codes128.Limit(x2, low, high)) + zero;
                var i3 = Codes128.Round(Codes128.Limit(x3, low, high)) + zero;
                var bytes = Codes128.Narrow(i0, i1, i2, i3);
                if (rest >= 16)
                {
                    bytes.Store(destination);
                }
                else
                {
                    StorePart(destination, bytes, rest);
                }
            }
        }
    }
}
