using System.Diagnostics;
using Tandem.Host;
using Tandem.Host.Export;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Quantization;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>
/// Reads damaged archives for some time, and prints, writes, quantises and lowers the programs that are accepted: each gives a typed error or a result, soon,
/// and without much memory; what is written is read again.
/// </summary>
internal sealed class ArchiveFuzzer(IReadOnlyList<byte[]> corpus, int seed, TandemRuntime runtime) : FuzzerBase, IDisposable
{
    private const double MaxSeconds = 2;
    private const long Allowance = 256 << 20;
    private const int LoweringEvery = 4;

    private readonly ArchiveMutator _mutator = new(seed);
    private readonly Random _random = new(seed);
    private readonly string _folder = Directory.CreateTempSubdirectory("tandem-fuzz-").FullName;

    /// <summary>Errors of what was done with programs that were accepted.</summary>
    public SortedDictionary<ErrorCode, long> LaterErrors { get; } = [];

    /// <summary>Archives read.</summary>
    public long Inputs { get; private set; }

    /// <summary>Archives that gave a program.</summary>
    public long Programs { get; private set; }

    /// <summary>Programs that were lowered.</summary>
    public long Lowered { get; private set; }

    /// <inheritdoc/>
    public override string Summary => $"{Inputs} archives: {Programs} programs, {Lowered} lowered";

    /// <inheritdoc/>
    protected override string? Next()
    {
        var input = _mutator.Mutate(corpus[_random.Next(corpus.Count)], corpus[_random.Next(corpus.Count)]);
        return Attempt(input, () => Read(input));
    }

    /// <summary>Reads one archive; what broke a promise, or null.</summary>
    public string? Read(byte[] input)
    {
        Inputs++;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        ExportedProgram? program = null;
        var problem = Try("reading", Errors, () => program = ExportedProgramReader.FromMemory(input, "fuzz.pt2"));
        if (problem is null && watch.Elapsed.TotalSeconds > MaxSeconds)
        {
            problem = $"{watch.Elapsed.TotalSeconds:F1} s for {input.Length} bytes";
        }

        if (problem is null && GC.GetAllocatedBytesForCurrentThread() - allocated is var bytes && bytes > (64L * input.Length) + Allowance)
        {
            problem = $"{bytes} bytes of memory for {input.Length}";
        }

        return problem ?? (program is null ? null : Use(program));
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string? Use(ExportedProgram program)
    {
        Programs++;
        byte[]? written = null;
        return Try("printing", LaterErrors, () => ExportedProgramText.Write(program))
            ?? Try("writing", LaterErrors, () => written = Write(program))
            ?? (written is null ? null : Reread(written))
            ?? Try("quantising", LaterErrors, () => program = ProgramQuantizer.Quantize(program, new QuantizationOptions { Threads = 1 }).Program)
            ?? (_random.Next(LoweringEvery) > 0 ? null : Try("lowering", LaterErrors, () =>
            {
                new ProgramLowering(runtime).Lower(program, Path.Combine(_folder, "fuzz.pte"));
                Lowered++;
            }));
    }

    private static byte[] Write(ExportedProgram program)
    {
        using var stream = new MemoryStream();
        ExportedProgramWriter.WriteTo(program, stream, "fuzz");
        return stream.ToArray();
    }

    private static string? Reread(byte[] written)
    {
        try
        {
            ExportedProgramReader.FromMemory(written, "written.pt2");
            return null;
        }
        catch (Exception error)
        {
            return $"what was written is not read: {error}";
        }
    }

    private static string? Try(string what, SortedDictionary<ErrorCode, long> errors, Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (TandemException error)
        {
            errors[error.Code] = errors.GetValueOrDefault(error.Code) + 1;
            return null;
        }
        catch (Exception error)
        {
            return $"{what}, a foreign exception: {error}";
        }
    }
}
