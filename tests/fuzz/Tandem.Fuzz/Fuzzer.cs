using System.Diagnostics;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Reads and executes damaged files for some time: each gives a typed error or a correct run, soon, and without much memory.</summary>
internal sealed class Fuzzer(IReadOnlyList<byte[]> corpus, int seed, ProgramProbe probe) : FuzzerBase
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

    /// <inheritdoc/>
    public override string Summary => $"{Inputs} inputs: {Models} models, {Variants} variants, {probe.Calls} calls";

    /// <inheritdoc/>
    protected override string? Next()
    {
        var file = corpus[_random.Next(corpus.Count)];
        if (_random.Next(2) == 0 && Genuine(file) is { } model)
        {
            return Attempt(file, () =>
            {
                Variants++;
                return Execute(file, _models.Mutate(model));
            });
        }

        var input = _mutator.Mutate(file, corpus[_random.Next(corpus.Count)]);
        return Attempt(input, () => Read(input));
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
