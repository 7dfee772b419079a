using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>The integers of a quantised weight, one a byte: computed from the float weight whenever they are read, so that nobody holds them.</summary>
/// <param name="source">The float32 weight, dense, row after row.</param>
/// <param name="groupSize">Values that share a scale; they divide a row.</param>
/// <param name="scales">The scales, row after row.</param>
/// <param name="grid">The integers.</param>
internal sealed unsafe class QuantizedWeightContent(DataContent source, int groupSize, float[] scales, WeightGrid grid) : DataContent
{
    private const int Piece = 1 << 16;

    public override long Length => source.Length / sizeof(float);

    public override string Origin => source.Origin;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        var buffer = ArrayPool<float>.Shared.Rent(Math.Min(Piece, destination.Length));
        try
        {
            while (destination.Length > 0)
            {
                var piece = buffer.AsSpan(0, Math.Min(Piece, destination.Length));
                source.Read(offset * sizeof(float), MemoryMarshal.AsBytes(piece));
                Quantize(offset, piece, MemoryMarshal.Cast<byte, sbyte>(destination[..piece.Length]));
                offset += piece.Length;
                destination = destination[piece.Length..];
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    private void Quantize(long offset, ReadOnlySpan<float> weights, Span<sbyte> integers)
    {
        for (var done = 0; done < weights.Length;)
        {
            var (group, within) = Math.DivRem(offset + done, groupSize);
            var count = (int)Math.Min(groupSize - within, weights.Length - done);
            Round(weights.Slice(done, count), 1 / scales[group], integers.Slice(done, count), grid);
            done += count;
        }
    }

    /// <summary>Integers of weights that share a scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Round(ReadOnlySpan<float> weights, float inverse, Span<sbyte> integers, WeightGrid grid)
    {
        var (least, most) = ((float)grid.Minimum, (float)grid.Maximum);
        var (lower, upper, factor) = (Vector256.Create(least), Vector256.Create(most), Vector256.Create(inverse));
        var i = 0;
        fixed (float* from = weights)
        fixed (sbyte* to = integers)
        {
            for (; i <= weights.Length - 32; i += 32)
            {
                var a = Vector256.ConvertToInt32Native(Vector256.MinNative(Vector256.MaxNative(Vector256.Round(Vector256.Load(from + i) * factor), lower), upper));
                var b = Vector256.ConvertToInt32Native(Vector256.MinNative(Vector256.MaxNative(Vector256.Round(Vector256.Load(from + i + 8) * factor), lower), upper));
                var c = Vector256.ConvertToInt32Native(Vector256.MinNative(Vector256.MaxNative(Vector256.Round(Vector256.Load(from + i + 16) * factor), lower), upper));
                var d = Vector256.ConvertToInt32Native(Vector256.MinNative(Vector256.MaxNative(Vector256.Round(Vector256.Load(from + i + 24) * factor), lower), upper));
                Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d)).Store(to + i);
            }
        }

        for (; i < weights.Length; i++)
        {
            integers[i] = (sbyte)Math.Clamp(MathF.Round(weights[i] * inverse), least, most);
        }
    }
}
