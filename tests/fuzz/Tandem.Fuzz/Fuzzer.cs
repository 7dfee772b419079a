using System.Diagnostics;
using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Reads damaged files for some time: each gives a typed error or a model, soon, and without much memory.</summary>
internal sealed class Fuzzer(IReadOnlyList<byte[]> corpus, int seed)
{
    private const double MaxSeconds = 2;
    private const long Allowance = 16 << 20;

    private readonly Mutator _mutator = new(seed);
    private readonly Random _random = new(seed);

    /// <summary>Inputs read.</summary>
    public long Inputs { get; private set; }

    /// <summary>Inputs that gave a model.</summary>
    public long Models { get; private set; }

    /// <summary>Inputs that gave each error.</summary>
    public SortedDictionary<ErrorCode, long> Errors { get; } = [];

    /// <summary>The input that broke a promise; null if none did.</summary>
    public byte[]? Culprit { get; private set; }

    /// <summary>The input that is being read.</summary>
    public byte[]? Current { get; private set; }

    /// <summary>Reads for so long; what broke a promise, or null.</summary>
    public string? Run(TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            var file = corpus[_random.Next(corpus.Count)];
            var input = _mutator.Mutate(file, corpus[_random.Next(corpus.Count)]);
            Current = input;
            if (Read(input) is { } problem)
            {
                Culprit = input;
                return problem;
            }
        }

        return null;
    }

    /// <summary>Reads one input; what broke a promise, or null.</summary>
    public string? Read(byte[] input)
    {
        Inputs++;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        try
        {
            using var source = DataSource.FromMemory("fuzz", input);
            _ = Parse(input, source);
            Models++;
        }
        catch (TandemException error)
        {
            Errors[error.Code] = Errors.GetValueOrDefault(error.Code) + 1;
        }
        catch (Exception error)
        {
            return $"a foreign exception: {error}";
        }

        if (watch.Elapsed.TotalSeconds > MaxSeconds)
        {
            return $"{watch.Elapsed.TotalSeconds:F1} s for {input.Length} bytes";
        }

        var limit = (2L * input.Length) + Allowance;
        return GC.GetAllocatedBytesForCurrentThread() - allocated > limit && Live(input) is var live && live > limit ? $"{live} bytes of memory for {input.Length}" : null;
    }

    private static object Parse(byte[] input, DataSource source) =>
        input.Length >= 8 && input.AsSpan(4, 4).SequenceEqual("FT01"u8) ? FlatTensorReader.Read(source) : ProgramReader.Read(source);

    // What allocation counts may be garbage already: only what lives is the input's cost.
    private static long Live(byte[] input)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        object? model = null;
        try
        {
            using var source = DataSource.FromMemory("fuzz", input);
            model = Parse(input, source);
        }
        catch (TandemException error)
        {
            model = error;
        }

        var live = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(model);
        return live;
    }
}
