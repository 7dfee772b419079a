using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Float matrix products. A product is clamped to [min, max]; a NaN, from data or arithmetic, stays NaN. Nothing is allocated by
/// <c>Run</c>; scratch is the caller's, aligned to 64 bytes.
/// </summary>
internal static unsafe class Gemm
{
    private const long StripBytes = 1 << 21;

    /// <summary>Packs constant weights.</summary>
    /// <param name="instructionSet">The rung whose kernels will read them.</param>
    /// <param name="weights">[N, K], or [K, N] if transposed; row major, of the format's elements.</param>
    /// <param name="n">Output features.</param>
    /// <param name="k">Input features.</param>
    /// <param name="isTransposed">Whether weights are [K, N].</param>
    /// <param name="bias">N values, or null for zero.</param>
    /// <param name="format">What the weights are.</param>
    public static PackedMatrix Pack(
        InstructionSet instructionSet, void* weights, int n, int k, bool isTransposed, float* bias, WeightFormat format = WeightFormat.Float32)
    {
        var packed = new PackedMatrix(instructionSet, n, k, format);
        packed.Attach(PackedBlock.Allocate(packed.ByteCount));
        Fill(packed, weights, isTransposed, bias);
        return packed;
    }

    /// <summary>Packs constant weights into the attached memory.</summary>
    /// <param name="packed">The form.</param>
    /// <param name="weights">[N, K], or [K, N] if transposed; row major, of the form's elements.</param>
    /// <param name="isTransposed">Whether weights are [K, N].</param>
    /// <param name="bias">N values, or null for zero.</param>
    /// <param name="done">Hears after each strip how many bytes of the weights are not read again; null: nobody does.</param>
    public static void Fill(PackedMatrix packed, void* weights, bool isTransposed, float* bias, Action<long>? done = null)
    {
        PackBias(packed, bias);
        var isFinite = true;
        var told = 0L;
        for (var panel = 0; panel < packed.PanelCount; panel++)
        {
            var (column, width) = (panel * packed.PanelWidth, packed.PanelWidth);
            var lanes = Math.Min(width, packed.N - column);
            var stride = isTransposed ? packed.N : packed.K;
            var first = isTransposed ? column : (nint)column * stride;
            if (packed.Format == WeightFormat.Float32)
            {
                PackPanel((float*)weights + first, stride, lanes, packed.K, (float*)packed.Panel(panel), width, isTransposed);
            }
            else
            {
                PackPanel((ushort*)weights + first, stride, lanes, packed.K, (ushort*)packed.Panel(panel), width, isTransposed);
                isFinite = isFinite && packed.Format == WeightFormat.Float16 && HalfConversion.IsFinite((Half*)packed.Panel(panel), packed.PanelStride);
            }

            var bytes = isTransposed ? 0 : (panel + 1L) * packed.PanelStride * packed.ElementBytes;
            if (done is not null && panel + 1 < packed.PanelCount && bytes - told >= StripBytes)
            {
                done(told = bytes);
            }
        }

        packed.IsFinite = isFinite;
    }

    /// <summary>Bytes of scratch for <see cref="Run"/> with up to so many rows and threads; 0 is usual.</summary>
    public static nint GetScratchBytes(PackedMatrix weights, int m, int threads) =>
        GemmJob.CopiesRows(weights, m) ? threads * GemmJob.ScratchPerWorker(weights) : 0;

    /// <summary>C[M, N] = clamp(A[M, K] * weights + bias, min, max).</summary>
    /// <param name="pool">Threads; null runs on the caller's.</param>
    /// <param name="job">An object that the caller keeps, used by one product at a time.</param>
    /// <param name="weights">Packed right-hand side.</param>
    /// <param name="a">First element of A.</param>
    /// <param name="m">Rows of A and C; 0 does nothing.</param>
    /// <param name="aStride">Elements from one row of A to the next.</param>
    /// <param name="c">First element of C, which overlaps nothing.</param>
    /// <param name="cStride">Elements from one row of C to the next.</param>
    /// <param name="min">Lower bound.</param>
    /// <param name="max">Upper bound.</param>
    /// <param name="scratch">As many bytes as <see cref="GetScratchBytes"/> says; null: works without, which may be slower.</param>
    public static void Run(
        ComputePool? pool, GemmJob job, PackedMatrix weights, float* a, int m, nint aStride, float* c, nint cStride,
        float min = float.NegativeInfinity, float max = float.PositiveInfinity, byte* scratch = null)
    {
        if (m > 0 && weights.N > 0)
        {
            job.Run(pool, weights, a, m, aStride, c, cStride, min, max, (float*)scratch);
        }
    }

    /// <summary>Compiles what <see cref="Run"/> with so many rows will call; see <see cref="KernelSet.Compile(int, int)"/>.</summary>
    public static void Prepare(PackedMatrix weights, int m) => weights.Kernels.Compile(Math.Min(m, GemmJob.BlockRows(weights, m, 1)), weights.PanelCount);

    internal static void PackBias(PackedMatrix packed, float* bias)
    {
        var padded = new Span<float>(packed.Bias, packed.PanelCount * packed.PanelWidth);
        padded.Clear();
        if (bias != null)
        {
            new ReadOnlySpan<float>(bias, packed.N).CopyTo(padded);
        }
    }

    private static void PackPanel<E>(E* source, nint rowStride, int lanes, int k, E* destination, int width, bool isTransposed)
        where E : unmanaged
    {
        if (isTransposed)
        {
            Packing.Copy(source, rowStride, lanes, k, destination, width);
        }
        else
        {
            Packing.Transpose(source, rowStride, lanes, k, destination, width);
        }
    }
}
