using System.Diagnostics;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Reads and executes damaged files for some time: each gives a typed error or a correct run, soon, and without much memory.</summary>
internal sealed class Fuzzer(IReadOnlyList<byte[]> corpus, int seed, ProgramProbe probe) : IFuzzer
{
    private const double MaxSeconds = 2;
    private const long Allowance = 16 << 20;

    private readonly Mutator _mutator = new(seed);
    private readonly ModelMutator _models = new(seed);
    private readonly Dictionary<byte[], ProgramModel?> _genuine = [];
    private readonly Random _random = new(seed);

    /// <summary>Inputs read.</summary>
    public long Inputs { get; private set; }

    /// <summary>Inputs that gave a model.</summary>
    public long Models { get; private set; }

    /// <summary>Verified programs that were changed behind the reader and executed.</summary>
    public long Variants { get; private set; }

    /// <summary>Inputs that gave each error.</summary>
    public SortedDictionary<ErrorCode, long> Errors { get; } = [];

    /// <summary>The input that broke a promise; null if none did.</summary>
    public byte[]? Culprit { get; private set; }

    /// <summary>The input that is being read.</summary>
    public byte[]? Current { get; private set; }

    /// <summary>Told of each input before it is read: what a crash of the process leaves behind.</summary>
    public Action<byte[]>? BeforeInput { get; init; }

    /// <inheritdoc/>
    public string Summary => $"{Inputs} inputs: {Models} models, {Variants} variants, {probe.Calls} calls";

    /// <summary>Reads for so long; what broke a promise, or null.</summary>
    public string? Run(TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            var file = corpus[_random.Next(corpus.Count)];
            if (_random.Next(2) == 0 && Genuine(file) is { } model)
            {
                Current = file;
                BeforeInput?.Invoke(file);
                Variants++;
                if (Execute(file, _models.Mutate(model)) is { } broken)
                {
                    Culprit = file;
                    return broken;
                }

                continue;
            }

            var input = _mutator.Mutate(file, corpus[_random.Next(corpus.Count)]);
            Current = input;
            BeforeInput?.Invoke(input);
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
        object? model = null;
        try
        {
            using var source = DataSource.FromMemory("fuzz", input);
            model = Parse(input, source);
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
        if (GC.GetAllocatedBytesForCurrentThread() - allocated > limit && Live(input) is var live && live > limit)
        {
            return $"{live} bytes of memory for {input.Length}";
        }

        if (model is not ProgramModel program)
        {
            return null;
        }

        return Execute(input, program);
    }

    private ProgramModel? Genuine(byte[] file)
    {
        if (!_genuine.TryGetValue(file, out var model))
        {
            using var source = DataSource.FromMemory("fuzz", file);
            try
            {
                model = Parse(file, source) as ProgramModel;
            }
            catch (TandemException)
            {
                // A bundled program, or a damaged file of the corpus.
            }

            _genuine.Add(file, model);
        }

        return model;
    }

    private string? Execute(byte[] input, ProgramModel program)
    {
        if (!OperatingSystem.IsLinux())
        {
            using var source = DataSource.FromMemory("fuzz", input);
            return probe.Run(source, program);
        }

        var guarded = new GuardedMemory(input.Length, alignment: 16);
        input.CopyTo(guarded.GetSpan());
        guarded.MakeReadOnly();
        try
        {
            using var source = DataSource.FromMemory("fuzz", guarded.Memory);
            return probe.Run(source, program);
        }
        finally
        {
            guarded.Free();
        }
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
