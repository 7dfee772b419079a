using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Kernels;

/// <summary>Products of two activations: attention scores and attention values of small language models.</summary>
internal static unsafe class BatchMatMulBenchmark
{
    public static void Run(string[] args)
    {
        var options = new KernelOptions(args);
        int[][] shapes = options.Shapes.Length > 0 ? options.Shapes :
            [[4, 1, 256, 32], [4, 1, 32, 256], [4, 128, 256, 32], [4, 128, 32, 256], [12, 1, 256, 64], [12, 1, 64, 256], [12, 128, 128, 64], [1, 256, 256, 256]];
        var pool = options.Threads > 1 ? new SpinPool(options.Threads) : null;
        Console.WriteLine($"{options.InstructionSet}, {options.Threads} thread(s)");
        Console.WriteLine($"{"batch",5} {"M",5} {"N",5} {"K",5} {"B is",8} {"us min",10} {"us median",10} {"GFLOP/s",9} {"of peak",8}");
        foreach (var shape in shapes)
        {
            One(options, pool, shape[0], shape[1], shape[2], shape[3], false);
            One(options, pool, shape[0], shape[1], shape[2], shape[3], true);
        }

        pool?.Stop();
    }

    private static void One(KernelOptions options, SpinPool? pool, int batch, int m, int n, int k, bool isTransposed)
    {
        var a = GemmBenchmark.Random((nint)batch * m * k, 1);
        var b = GemmBenchmark.Random((nint)batch * n * k, 2);
        var c = GemmBenchmark.Random((nint)batch * m * n, 3);
        var scratch = GemmBenchmark.Random((BatchMatMul.GetScratchBytes(options.InstructionSet, n, k, options.Threads) / 4) + 1, 4);
        var job = new BatchMatMulJob();
        var arguments = new BatchMatMulArguments
        {
            A = a,
            B = b,
            C = c,
            BatchCount = batch,
            CBatchStride = (nint)m * n,
            M = m,
            N = n,
            K = k,
            AStride = k,
            BStride = isTransposed ? k : n,
            CStride = n,
            IsBTransposed = isTransposed,
            Min = float.NegativeInfinity,
            Max = float.PositiveInfinity,
        };
        var (min, median, peak) = Sampler.Run(
            () => BatchMatMul.Run(pool, job, options.InstructionSet, arguments, (byte*)scratch), options.InstructionSet, options.Rounds);
        var operations = 2.0 * batch * m * n * k;
        Console.WriteLine(
            $"{batch,5} {m,5} {n,5} {k,5} {(isTransposed ? "[N, K]" : "[K, N]"),8} {min * 1e6,10:f2} {median * 1e6,10:f2} {operations / min / 1e9,9:f1} "
            + $"{operations / min / 1e7 / (peak * options.Threads),7:f0}%");
        foreach (var memory in (nint[])[(nint)a, (nint)b, (nint)c, (nint)scratch])
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }
}
