using Tandem.Benchmarks.Shared;
using Tandem.Host.Execution;
using Tandem.Host.Generation;

namespace Tandem.MemoryBenchmarks;

/// <summary>What a session costs beside its own activations and mutable buffers.</summary>
internal static class SecondSession
{
    private const int Sessions = 40;
    private static readonly int[] Prompt = [0, 5, 7, 9];

    /// <summary>Creates many sessions of a language model, runs each, and prints what one of them costs.</summary>
    public static void Measure(string model)
    {
        using var runtime = BenchmarkRuntime.Create(1);
        using var program = runtime.LoadProgram(model);
        var sessions = new List<Session>(20 + Sessions);

        // Enough of them that the last code has been compiled anew, and what the compiler holds is in neither figure.
        for (var i = 0; i < 20; i++)
        {
            sessions.Add(Start());
        }

        var (managed, anonymous) = Take();
        for (var i = 0; i < Sessions; i++)
        {
            sessions.Add(Start());
        }

        var (managedAfter, anonymousAfter) = Take();
        var perSession = (managedAfter - managed) / Sessions;
        Console.WriteLine(
            $"own memory {sessions[^1].MemoryBytes} bytes, managed {perSession} bytes, private resident {(anonymousAfter - anonymous) / Sessions} bytes a session");
        sessions.ForEach(session => session.Dispose());

        Session Start()
        {
            var session = program.CreateSession();
            foreach (var _ in new TokenGenerator(session).Generate(Prompt, new SamplingOptions(), 4, null))
            {
            }

            return session;
        }
    }

    private static (long Managed, long Anonymous) Take()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return (GC.GetTotalMemory(true), ProcessStatus.Read("RssAnon"));
    }
}
