using System.Diagnostics;
using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Kernels;

/// <summary>Float products: the shapes of the sample language model, then square ones.</summary>
internal static unsafe class GemmBenchmark
{
    public static void Run(string[] args)
    {
        var options = new KernelOptions(args);
        int[][] shapes = options.Shapes.Length > 0 ? options.Shapes :
        [
            [1, 128, 128], [1, 352, 128], [1, 128, 352], [1, 512, 128],
            [128, 128, 128], [128, 352, 128], [128, 128, 352], [128, 512, 128],
            [1, 768, 768], [8, 768, 768], [128, 768, 768],
            [1, 2048, 2048], [8, 2048, 2048], [128, 2048, 2048],
            [1, 4096, 4096], [8, 4096, 4096], [128, 4096, 4096],
        ];
        var pool = options.Threads > 1 ? new SpinPool(options.Threads) : null;
        Console.WriteLine($"{options.InstructionSet}, {options.Format}, {options.Threads} thread(s)");
        Console.WriteLine($"{"M",5} {"N",5} {"K",5} {"us min",10} {"us median",10} {"GFLOP/s",9} {"of peak",8} {"B GB/s",8} {"pack us",9} {"first us",9}");
        foreach (var shape in shapes)
        {
            One(options, pool, shape[0], shape[1], shape[2]);
        }

        pool?.Stop();
    }

    private static void One(KernelOptions options, SpinPool? pool, int m, int n, int k)
    {
        var w = Weights(options.Format, (nint)n * k);
        var a = Random((nint)m * k, 2);
        var c = Random((nint)m * n, 3);
        var bias = Random(n, 4);
        var packTime = double.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var again = Gemm.Pack(options.InstructionSet, w, n, k, false, bias, options.Format);
            packTime = Math.Min(packTime, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        var weightBytes = (options.Format == WeightFormat.Float32 ? 4.0 : 2.0) * n * k;
        var layers = Math.Max(1, (int)(options.ChainMegabytes * 1e6 / weightBytes));
        var chain = new PackedMatrix[layers];
        for (var i = 0; i < layers; i++)
        {
            chain[i] = Gemm.Pack(options.InstructionSet, w, n, k, false, bias, options.Format);
        }

        var packed = chain[0];
        var scratch = Random((Gemm.GetScratchBytes(packed, m, options.Threads) / 4) + 1, 5);
        var job = new GemmJob();
        var first = Stopwatch.GetTimestamp();
        Gemm.Run(pool, job, packed, a, m, k, c, n, float.NegativeInfinity, float.PositiveInfinity, (byte*)scratch);
        var firstTime = Stopwatch.GetElapsedTime(first).TotalMicroseconds;
        var (min, median, peak) = Sampler.Run(
            () =>
            {
                foreach (var layer in chain)
                {
                    Gemm.Run(pool, job, layer, a, m, k, c, n, float.NegativeInfinity, float.PositiveInfinity, (byte*)scratch);
                }
            },
            options.InstructionSet, options.Rounds);
        (min, median) = (min / layers, median / layers);
        var operations = 2.0 * m * n * k;
        Console.WriteLine(
            $"{m,5} {n,5} {k,5} {min * 1e6,10:f2} {median * 1e6,10:f2} {operations / min / 1e9,9:f1} {operations / min / 1e7 / (peak * options.Threads),7:f0}% "
            + $"{weightBytes / min / 1e9,8:f1} {packTime,9:f1} {firstTime,9:f0}");
        foreach (var layer in chain)
        {
            layer.Dispose();
        }

        foreach (var memory in (nint[])[(nint)w, (nint)a, (nint)c, (nint)bias, (nint)scratch])
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }

    private static float* Weights(WeightFormat format, nint count)
    {
        var floats = Random(count, 1);
        for (nint i = 0; format != WeightFormat.Float32 && i < count; i++)
        {
            ((ushort*)floats)[i] = format == WeightFormat.Float16
                ? BitConverter.HalfToUInt16Bits((Half)floats[i])
                : (ushort)(BitConverter.SingleToUInt32Bits(floats[i]) >> 16);
        }

        return floats;
    }

    internal static float* Random(nint count, int seed)
    {
        var random = new Random(seed);
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)count * 4, 64);
        for (nint i = 0; i < count; i++)
        {
            memory[i] = random.NextSingle() - 0.5f;
        }

        return memory;
    }
}
