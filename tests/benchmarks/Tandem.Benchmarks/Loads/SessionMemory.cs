using System.Globalization;
using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Shared;
using Tandem.Host;

namespace Tandem.Benchmarks.Loads;

/// <summary>What a further session costs beside its activations and its state, in a process of its own: what others freed before would hide it.</summary>
internal static class SessionMemory
{
    public const string Verb = "own-sessions";
    private const int FirstSessions = 20;
    private const int Windows = 5;
    private const int Sessions = 6;

    /// <summary>Starts a process and gives its three numbers.</summary>
    public static (long Counted, long Grown, long Managed) Start(string program, int threads)
    {
        var numbers = OwnProcess.Run(Verb, program, threads.ToString(CultureInfo.InvariantCulture)).Split(' ').Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1], numbers[2]);
    }

    /// <summary>What the process does.</summary>
    public static void Run(string[] args)
    {
        using var runtime = BenchmarkRuntime.Create(int.Parse(args[1], CultureInfo.InvariantCulture));
        var (counted, grown, managed) = Measure(runtime, args[0]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counted} {grown} {managed}"));
    }

    /// <summary>
    /// Bytes of activations and state that a further session counts itself, by how much the heaps grow with it, and how much of that is in the managed one.
    /// Where the C library does not tell what is allocated, resident memory stands for it.
    /// </summary>
    private static (long Counted, long Grown, long Managed) Measure(TandemRuntime runtime, string path)
    {
        using var program = runtime.LoadProgram(path);
        var models = new List<TandemLlama>();
        try
        {
            // Some come first: what is made once for a program is there then, and code is compiled for the last time.
            for (var i = 0; i < FirstSessions; i++)
            {
                Add();
            }

            // The median of some windows: what the process takes once, to compile code beside for example, is in one of them.
            var windows = new (long Grown, long Managed)[Windows];
            foreach (ref var window in windows.AsSpan())
            {
                var (native, managed) = (Native(), GC.GetTotalMemory(true));
                for (var i = 0; i < Sessions; i++)
                {
                    Add();
                }

                var grown = GC.GetTotalMemory(true) - managed;
                window = ((Native() - native + (NativeHeap.IsKnown ? grown : 0)) / Sessions, grown / Sessions);
            }

            return (models[^1].MemoryBytes, Median(window => window.Grown), Median(window => window.Managed));

            long Median(Func<(long Grown, long Managed), long> part) => windows.Select(part).Order().ElementAt(Windows / 2);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }

        void Add()
        {
            models.Add(new TandemLlama(program, LlamaCall.FullPrefill));
            models[^1].Output();
        }
    }

    private static long Native()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return NativeHeap.IsKnown ? NativeHeap.Allocated : Environment.WorkingSet;
    }
}
